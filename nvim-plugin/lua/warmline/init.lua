local config = require('warmline.config')
local reasons = require('warmline.reasons')
local server = require('warmline.server')
local text = require('warmline.text')
local version = require('warmline.version')

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

--- The server of the current buffer, where there is one.
---@return vim.lsp.Client?
local function client_here()
  local bufnr = vim.api.nvim_get_current_buf()
  return vim.lsp.get_clients({ name = 'warmline', bufnr = bufnr })[1]
end

--- Ask for suggestions to choose from; begins to insert where one does not yet.
---@return boolean # False when no server runs for this file.
function M.trigger()
  local client = client_here()
  if not client then
    return false
  end
  if vim.fn.mode() == 'i' then
    view().trigger(client)
  else
    vim.api.nvim_create_autocmd('InsertEnter', {
      once = true,
      callback = vim.schedule_wrap(function()
        view().trigger(client)
      end),
    })
    vim.cmd.startinsert()
  end
  return true
end

---@param step integer
---@return boolean
local function select(step)
  local client = client_here()
  return client ~= nil and view().select(client, step)
end

--- Show the next suggestion; where only one is known, ask for more.
---@return boolean # False when there is none.
function M.next()
  return select(1)
end

--- Show the suggestion before; where only one is known, ask for more.
---@return boolean # False when there is none.
function M.previous()
  return select(-1)
end

--- Settings for the server, to be changed.
local function settings()
  return assert(config.options, 'warmline: call setup() first').settings
end

local function settings_changed()
  server.send_settings()
  reasons.forget()
  view().refresh()
  server.tell_status_changed()
end

--- Turn suggestions on or off, for this session of the editor.
function M.toggle()
  settings().enabled = not settings().enabled
  settings_changed()
  vim.notify('Warmline: suggestions are ' .. (settings().enabled and 'on' or 'off'))
end

--- Turn suggestions on or off for files of the current one's type, for this session.
function M.toggle_language()
  local filetype = vim.bo.filetype
  local off_for = vim.tbl_filter(function(name)
    return name ~= filetype
  end, settings().disabledLanguages or {})
  local was_off = #off_for < #(settings().disabledLanguages or {})
  if not was_off then
    table.insert(off_for, filetype)
  end
  settings().disabledLanguages = off_for
  settings_changed()
  vim.notify(('Warmline: suggestions are %s for %s'):format(was_off and 'on' or 'off', filetype))
end

--- Stop the server and start it again.
function M.restart()
  assert(config.options, 'warmline: call setup() first')
  server.restart()
end

--- Show what the server says about itself, in a window that goes when the cursor moves.
function M.status()
  require('warmline.views').status()
end

--- Show what a suggestion at the cursor is made from, in a window below.
function M.explain()
  require('warmline.views').explain()
end

--- Colour the text by the state of its live cache, or stop doing so.
function M.cache()
  require('warmline.cache').toggle()
end

--- Show what works on this machine, and what to do about the rest.
function M.doctor()
  require('warmline.tool').doctor()
end

--- Open the log.
function M.log()
  require('warmline.tool').log()
end

--- Choose another model, for this session; one that is not on this machine is downloaded.
function M.model()
  require('warmline.models').select()
end

--- A short text for the status line; redraw it at the event `User WarmlineStatus`.
---@return string
function M.statusline()
  local bufnr = vim.api.nvim_get_current_buf()
  return require('warmline.statusline').describe(server.status, bufnr, server.percent)
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

---@return vim.lsp.Client? # The client an event is about, if it is ours.
local function our_client(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  return client and client.name == 'warmline' and client or nil
end

local function on_attach(event)
  local client = our_client(event)
  if client then
    view().attach(client, event.buf)
    map_keys(event.buf)
  end
end

local function on_detach(event)
  if our_client(event) then
    view().detach(event.buf)
  end
end

local function on_progress(event)
  if our_client(event) then
    server.follow_progress(event.data.params)
  end
end

-- Linked to groups of every colour scheme, so that they fit a light one and a dark one.
local HIGHLIGHTS = {
  WarmlineGhost = 'Comment',
  WarmlineCount = 'NonText',
  WarmlineCacheExact = 'DiffAdd',
  WarmlineCacheMoved = 'DiffChange',
  WarmlineCacheEncoded = 'DiffText',
  WarmlineHeading = 'Title',
  WarmlineChunk = 'Directory',
  WarmlineDetail = 'Comment',
}

local function define_highlights()
  for name, link in pairs(HIGHLIGHTS) do
    vim.api.nvim_set_hl(0, name, { link = link, default = true })
  end
end

--- Start Warmline. Options and their defaults: `:help warmline-setup`.
---@param options table?
function M.setup(options)
  if vim.fn.has('nvim-' .. version.OLDEST_NEOVIM) == 0 then
    local message = 'Warmline needs Neovim %s or newer; see :checkhealth warmline'
    vim.notify(message:format(version.OLDEST_NEOVIM), vim.log.levels.ERROR)
    return
  end
  local cmd = config.set(options).cmd
  define_highlights()
  local group = vim.api.nvim_create_augroup('warmline', {})
  vim.api.nvim_create_autocmd('LspAttach', { group = group, callback = on_attach })
  vim.api.nvim_create_autocmd('LspDetach', { group = group, callback = on_detach })
  vim.api.nvim_create_autocmd('LspProgress', { group = group, callback = on_progress })
  if vim.fn.executable(cmd[1]) == 1 then
    server.start()
  else
    local message = 'Warmline: "%s" is not a program that can be started; '
      .. 'install it or give its path as cmd in setup().'
    vim.notify(message:format(cmd[1]), vim.log.levels.ERROR)
  end
end

return M
