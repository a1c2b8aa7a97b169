local config = require('warmline.config')
local server = require('warmline.server')
local text = require('warmline.text')

local M = {}

--- Neovim's own inline completion where it has it, else ours; both have the same functions.
---@return table
local function view()
  return require(vim.lsp.inline_completion and 'warmline.native' or 'warmline.ghost')
end

local function whole(rest)
  return rest
end

--- Write the whole suggestion.
---@return boolean # False when there is none.
function M.accept()
  return view().accept(whole)
end

--- Write the suggestion's next word.
---@return boolean # False when there is none.
function M.accept_word()
  return view().accept(text.first_word)
end

--- Write the suggestion up to the end of the line.
---@return boolean # False when there is none.
function M.accept_line()
  return view().accept(text.first_line)
end

--- Take the suggestion away until the text or the cursor moves.
---@return boolean # False when there was none.
function M.dismiss()
  return view().dismiss()
end

--- Turn suggestions on or off, for this session of the editor.
function M.toggle()
  local settings = assert(config.options, 'warmline: call setup() first').settings
  settings.enabled = not settings.enabled
  server.send_settings()
  view().refresh()
  vim.notify('Warmline: suggestions are ' .. (settings.enabled and 'on' or 'off'))
end

--- Stop the server and start it again.
function M.restart()
  assert(config.options, 'warmline: call setup() first')
  server.restart()
end

local function show_status(err, status)
  if err then
    vim.notify('Warmline: the server gives no status: ' .. err.message, vim.log.levels.ERROR)
    return
  end
  -- A window, because a message of many lines would have to be answered with a key.
  vim.lsp.util.open_floating_preview(vim.split(vim.inspect(status), '\n'), 'lua', {
    focus_id = 'warmline.status',
    border = 'rounded',
    title = 'Warmline',
  })
end

--- Show what the server says about itself, in a window that goes when the cursor moves.
function M.status()
  if not server.request_status(show_status) then
    vim.notify('Warmline: no server runs; see :checkhealth warmline', vim.log.levels.WARN)
  end
end

--- A short text for the status line; redraw it at the event `User WarmlineStatus`.
---@return string
function M.statusline()
  local status = server.status
  if not status then
    return ''
  end
  return 'Warmline' .. (status.message ~= '' and ': ' .. status.message or '')
end

local function map_keys(bufnr)
  for action, key in pairs(config.options.keymaps) do
    if key then
      vim.keymap.set('i', key, function()
        -- A new undo step first, so that one `u` takes back what was accepted and no more.
        return M[action]() and '<C-g>u' or key
      end, { buffer = bufnr, expr = true, desc = 'Warmline: ' .. action })
    end
  end
end

local function on_attach(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  if client and client.name == 'warmline' then
    view().attach(client, event.buf)
    map_keys(event.buf)
  end
end

local function on_detach(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  if client and client.name == 'warmline' then
    view().detach(event.buf)
  end
end

--- Start Warmline. Options and their defaults: `:help warmline-setup`.
---@param options table?
function M.setup(options)
  local cmd = config.set(options).cmd
  vim.api.nvim_set_hl(0, 'WarmlineGhost', { link = 'Comment', default = true })
  local group = vim.api.nvim_create_augroup('warmline', {})
  vim.api.nvim_create_autocmd('LspAttach', { group = group, callback = on_attach })
  vim.api.nvim_create_autocmd('LspDetach', { group = group, callback = on_detach })
  if vim.fn.executable(cmd[1]) == 1 then
    server.start()
  else
    local message = 'Warmline: "%s" is not a program that can be started; '
      .. 'install it or give its path as cmd in setup().'
    vim.notify(message:format(cmd[1]), vim.log.levels.ERROR)
  end
end

return M
