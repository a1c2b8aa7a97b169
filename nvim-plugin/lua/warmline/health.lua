-- `:checkhealth warmline`: each failure with the step that mends it.
local config = require('warmline.config')
local reasons = require('warmline.reasons')
local server = require('warmline.server')
local tool = require('warmline.tool')
local version = require('warmline.version')

local M = {}

---@return boolean # Whether it is worth looking further.
local function check_editor()
  if vim.fn.has('nvim-' .. version.OLDEST_NEOVIM) == 0 then
    vim.health.error(
      ('Neovim is too old: Warmline needs %s.'):format(version.OLDEST_NEOVIM),
      'Install a newer one: https://github.com/neovim/neovim/releases'
    )
    return false
  end
  if vim.lsp.inline_completion then
    vim.health.ok('Suggestions are shown by vim.lsp.inline_completion.')
  else
    vim.health.ok('Suggestions are shown as ghost text by this plugin.')
  end
  return true
end

---@return boolean
local function check_setup()
  if not config.options then
    vim.health.warn('Not set up.', 'Call require("warmline").setup() in your init.lua.')
  end
  return config.options ~= nil
end

---@param cmd string[]
---@return boolean
local function check_command(cmd)
  local path = vim.fn.exepath(cmd[1])
  if path == '' then
    vim.health.error(('The program "%s" cannot be started.'):format(cmd[1]), {
      'Install Warmline so that `warmline --version` works in a terminal,',
      'or give its path as cmd in require("warmline").setup().',
    })
    return false
  end
  vim.health.ok('The server is ' .. path)
  return true
end

---@param client vim.lsp.Client
local function check_version(client)
  local info = client.server_info -- Neovim 0.10 does not keep it.
  if info and info.version ~= version.PLUGIN then
    vim.health.warn(
      ('The plugin is version %s, the server %s.'):format(version.PLUGIN, info.version or 'unknown'),
      'Update both to the same version, then `:Warmline restart`.'
    )
  end
end

---@param client vim.lsp.Client
local function check_client(client)
  local buffers = vim.tbl_count(client.attached_buffers)
  vim.health.ok(('Server %d runs with %d buffer(s) attached.'):format(client.id, buffers))
  if not client.server_capabilities.inlineCompletionProvider then
    vim.health.error(
      'The server offers no inline completion, so it is another program.',
      'Give the path of `warmline` as cmd in require("warmline").setup().'
    )
  else
    check_version(client)
  end
end

local function check_status()
  local status = server.status
  if not status then
    return
  end
  local told = ('Status: %s %s'):format(status.kind, status.message)
  if status.kind == 'Error' then
    vim.health.error(told, 'See what is found on this machine, below, and `:Warmline log`.')
  else
    vim.health.info(told)
  end
end

local function check_server()
  local clients = server.clients()
  for _, client in ipairs(clients) do
    check_client(client)
  end
  if #clients > 0 then
    check_status()
  elseif server.ended then
    vim.health.error(
      ('The server has ended (%s).'):format(server.ended),
      'Mend what `:Warmline log` says, then `:Warmline restart`.'
    )
  else
    vim.health.info('No server runs; it starts with the first file.')
  end
end

--- The buffer that the user comes from: the report has one of its own already.
---@return integer?
local function buffer_before()
  local bufnr = vim.fn.bufnr('#')
  return bufnr ~= -1 and vim.api.nvim_buf_is_loaded(bufnr) and bufnr or nil
end

---@param bufnr integer
---@param name string
local function explain_no_client(bufnr, name)
  if vim.bo[bufnr].buftype ~= '' then
    vim.health.info(('No server for %s: it is no file.'):format(name))
  elseif vim.bo[bufnr].filetype == '' then
    vim.health.warn(
      ('No server for %s: its file type is not known.'):format(name),
      'Say which it is, such as `:setfiletype python`, or turn detection on: `:filetype on`.'
    )
  else
    vim.health.warn(
      ('No server for %s, though it could have one.'):format(name),
      '`:Warmline restart` starts it for all open files.'
    )
  end
end

---@param bufnr integer
---@param name string
local function check_whether_on(bufnr, name)
  local reason = reasons.of_buffer(bufnr)
  if not assert(config.options).settings.enabled then
    vim.health.warn('Suggestions are off.', '`:Warmline toggle` turns them on.')
  elseif not config.is_on_for(bufnr) then
    vim.health.warn(
      ('Suggestions are off for files of type %s.'):format(vim.bo[bufnr].filetype),
      'In such a file, `:Warmline toggle-language` turns them on.'
    )
  elseif reason then
    vim.health.warn(
      ('No suggestions in %s: %s'):format(name, reason),
      'The settings of the server decide that; see docs/settings.md.'
    )
  else
    vim.health.ok(('%s gets suggestions.'):format(name))
  end
end

local function check_buffer()
  local bufnr = buffer_before()
  if not bufnr then
    return
  end
  local path = vim.api.nvim_buf_get_name(bufnr)
  local name = path ~= '' and vim.fn.fnamemodify(path, ':~:.') or 'the file without a name'
  if vim.lsp.get_clients({ name = 'warmline', bufnr = bufnr })[1] then
    check_whether_on(bufnr, name)
  else
    explain_no_client(bufnr, name)
  end
end

local REPORTS = { works = vim.health.ok, warning = vim.health.warn, broken = vim.health.error }

local function check_machine()
  vim.health.start('warmline doctor')
  if assert(config.options).settings.offline then
    vim.health.info('Downloads are forbidden by the setting `offline`.')
  end
  local findings, problem = tool.findings()
  for _, finding in ipairs(findings or {}) do
    local advice = finding.advice ~= '' and finding.advice or nil
    REPORTS[finding.verdict](finding.subject .. ': ' .. finding.found, advice)
  end
  if problem then
    local command = table.concat(config.tool(), ' ') .. ' doctor'
    vim.health.error('It found nothing: ' .. problem, ('Run `%s` in a terminal.'):format(command))
  end
end

function M.check()
  vim.health.start('warmline')
  if not check_editor() or not check_setup() then
    return
  end
  if check_command(assert(config.options).cmd) then
    check_server()
    check_buffer()
    check_machine()
  end
end

return M
