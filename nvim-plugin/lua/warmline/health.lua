local M = {}

local function check_editor()
  if vim.fn.has('nvim-0.10') == 0 then
    vim.health.error('Neovim is too old: ghost text needs 0.10.')
  elseif vim.lsp.inline_completion then
    vim.health.ok('Suggestions are shown by vim.lsp.inline_completion.')
  else
    vim.health.ok('Suggestions are shown as ghost text by this plugin.')
  end
end

---@param cmd string[]
local function check_command(cmd)
  local path = vim.fn.exepath(cmd[1])
  if path == '' then
    vim.health.error(
      ('The program "%s" cannot be started.'):format(cmd[1]),
      'Install Warmline, or give the path as cmd in require("warmline").setup().'
    )
  else
    vim.health.ok('The server is ' .. path)
  end
end

local function check_server()
  local server = require('warmline.server')
  local clients = server.clients()
  if #clients == 0 then
    vim.health.info('No server runs; it starts with the first file.')
    return
  end
  for _, client in ipairs(clients) do
    local buffers = vim.tbl_count(client.attached_buffers)
    vim.health.ok(('Server %d runs with %d buffer(s) attached.'):format(client.id, buffers))
    if not client.server_capabilities.inlineCompletionProvider then
      vim.health.error('The server offers no inline completion; is cmd the right program?')
    end
  end
  local status = server.status
  if status then
    local report = status.kind == 'Error' and vim.health.error or vim.health.info
    report(('Status: %s %s'):format(status.kind, status.message))
  end
end

function M.check()
  vim.health.start('warmline')
  check_editor()
  local options = require('warmline.config').options
  if not options then
    vim.health.warn('Not set up.', 'Call require("warmline").setup() in your init.lua.')
    return
  end
  check_command(options.cmd)
  check_server()
end

return M
