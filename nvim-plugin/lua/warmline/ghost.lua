-- Suggestions as ghost text, for Neovim without vim.lsp.inline_completion (before 0.12).
local candidates = require('warmline.candidates')
local config = require('warmline.config')
local reasons = require('warmline.reasons')
local request = require('warmline.request')
local server = require('warmline.server')

local M = {}

local group = vim.api.nvim_create_augroup('warmline.ghost', {})

---@type warmline.Spot?
local last_spot = nil
---@type uv.uv_timer_t?
local timer = nil

local function drop_request()
  if timer then
    timer:close()
    timer = nil
  end
  request.drop()
end

---@param client vim.lsp.Client
local function request_soon(client)
  local this = assert(vim.uv.new_timer())
  timer = this
  local on_time = vim.schedule_wrap(function()
    if timer ~= this then
      return -- It was replaced between its ringing and now.
    end
    this:close()
    timer = nil
    if vim.fn.mode() == 'i' and not server.call(client, 'is_stopped') then
      request.send(client, request.AUTOMATIC)
    end
  end)
  this:start(assert(config.options).debounce_ms, 0, on_time)
end

--- Follow the text and the cursor: keep what still fits, else ask anew.
---@param client vim.lsp.Client
local function follow(client)
  local spot = request.here()
  if vim.deep_equal(spot, last_spot) then
    return -- One keystroke raises several events; and after dismiss nothing comes back by itself.
  end
  last_spot = spot
  drop_request()
  if candidates.draw() then
    return
  end
  candidates.hide()
  if vim.fn.pumvisible() == 0 and config.is_on_for(spot.bufnr) then
    request_soon(client)
  end
end

--- Ask again once the model is loaded, where somebody waits for it and has not typed on.
local function ask_when_loaded()
  local status, bufnr = server.status, vim.api.nvim_get_current_buf()
  local is_ready = status and not status.busy and status.kind == 'Normal'
  if not is_ready or not vim.deep_equal(request.here(), last_spot) then
    return
  end
  if vim.fn.mode() == 'i' and reasons.take_loading(bufnr) then
    drop_request()
    request_soon(assert(server.client(bufnr)))
  end
end

vim.api.nvim_create_autocmd('User', {
  group = group,
  pattern = 'WarmlineStatus',
  callback = ask_when_loaded,
})

---@param client vim.lsp.Client
---@param bufnr integer
function M.attach(client, bufnr)
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  vim.api.nvim_create_autocmd({ 'InsertEnter', 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      follow(client)
    end,
  })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      M.dismiss()
      last_spot = nil
    end,
  })
  if bufnr == vim.api.nvim_get_current_buf() and vim.fn.mode() == 'i' then
    follow(client) -- Someone was faster than the server's start.
  end
end

---@param bufnr integer
function M.detach(bufnr)
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  M.dismiss()
end

M.accept = candidates.accept

--- Take the suggestion away until the text or the cursor moves.
---@return boolean # False when there was none.
function M.dismiss()
  drop_request()
  return candidates.hide()
end

--- Ask for suggestions to choose from.
---@param client vim.lsp.Client
function M.trigger(client)
  drop_request()
  last_spot = request.here()
  request.invoke(client, 0)
end

--- Show another suggestion; where only one is known, ask for more.
---@param client vim.lsp.Client
---@param step integer 1 for the next, -1 for the one before.
---@return boolean # False when no suggestion is shown.
function M.select(client, step)
  local num_known = candidates.cycle(step)
  if num_known == 1 then
    request.invoke(client, step)
  end
  return num_known > 0
end

--- Suggestions on or off everywhere; `follow` reads the setting.
function M.refresh()
  M.dismiss()
  last_spot = nil
end

return M
