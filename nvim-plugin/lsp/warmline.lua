-- Found by vim.lsp.config(); setup() adds the user's options to it.
return require('warmline.server').base_config()
