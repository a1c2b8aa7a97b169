return {
  PLUGIN = '0.1.0', -- the server's version that it belongs to
  OLDEST_NEOVIM = '0.10',
}
