-- Suggestions through vim.lsp.inline_completion (Neovim 0.12 and later).
--
-- That asks by itself, and always for one. Several to choose from, asked for by hand, are shown by
-- `warmline.candidates`; Neovim's own suggestions are off in that buffer as long as they are there.
local candidates = require('warmline.candidates')
local config = require('warmline.config')
local request = require('warmline.request')
local server = require('warmline.server')
local text = require('warmline.text')

local M = {}

local group = vim.api.nvim_create_augroup('warmline.native', {})

---@type table<integer, true> Buffers where Neovim shows nothing, for our suggestions' sake.
local silenced = {}

---@param bufnr integer
local function enable(bufnr)
  silenced[bufnr] = nil
  vim.lsp.inline_completion.enable(config.is_on_for(bufnr), { bufnr = bufnr })
end

---@param bufnr integer
local function leave(bufnr)
  if silenced[bufnr] then
    request.drop()
    candidates.hide()
    enable(bufnr)
  end
end

--- Take our own suggestions away where they do not fit any more, and let Neovim show its.
---@param bufnr integer
local function follow(bufnr)
  if silenced[bufnr] and not candidates.draw() then
    leave(bufnr)
  end
end

---@param bufnr integer
function M.attach(_, bufnr)
  enable(bufnr)
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  vim.api.nvim_create_autocmd({ 'TextChangedI', 'CursorMovedI' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      follow(bufnr)
    end,
  })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      leave(bufnr)
    end,
  })
end

--- Neovim takes its suggestions away itself when the client goes.
---@param bufnr integer
function M.detach(bufnr)
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  silenced[bufnr] = nil
  candidates.hide()
end

---@class warmline.Rest
---@field text string What is not typed yet.
---@field replaced_bytes integer How much after the cursor it replaces.

--- What of an item is still to come; nil when it is no plain text, or the text went another way.
---@param bufnr integer
---@return warmline.Rest?
local function remaining(item, bufnr)
  if type(item.insert_text) ~= 'string' then
    return nil
  end
  if not item.range then
    return { text = item.insert_text, replaced_bytes = 0 }
  end
  local row, first, _, last = item.range:to_extmark()
  local typed = text.before_cursor(bufnr, row, first)
  if not typed or not vim.startswith(item.insert_text, typed) then
    return nil
  end
  local _, column = text.cursor()
  return {
    text = item.insert_text:sub(#typed + 1),
    replaced_bytes = math.max(0, last - column),
  }
end

--- Accept a part of the suggestion, once the editor lets us.
---@param take fun(rest: string): string Cuts the part off the front.
---@return boolean # False when there is no suggestion.
function M.accept(take)
  if candidates.accept(take) then
    return true
  end
  local bufnr = vim.api.nvim_get_current_buf()
  return vim.lsp.inline_completion.get({
    bufnr = bufnr,
    on_accept = function(item)
      local rest = remaining(item, bufnr)
      if rest then
        local part = take(rest.text)
        text.insert(bufnr, part, part == rest.text and rest.replaced_bytes or 0)
      end
    end,
  })
end

--- Take the suggestion away until the text or the cursor moves.
---@return boolean # False when there was none.
function M.dismiss()
  if candidates.hide() then
    return true -- Neovim's come back with the next movement.
  end
  -- Neovim drops the suggestion before it calls us, and we write nothing.
  return vim.lsp.inline_completion.get({ on_accept = function() end })
end

---@param client vim.lsp.Client
---@param step integer
local function invoke(client, step)
  local bufnr = vim.api.nvim_get_current_buf()
  silenced[bufnr] = true
  vim.lsp.inline_completion.enable(false, { bufnr = bufnr })
  request.invoke(client, step, function()
    enable(bufnr)
  end)
end

--- Ask for suggestions to choose from.
---@param client vim.lsp.Client
function M.trigger(client)
  invoke(client, 0)
end

--- Show another suggestion; where only Neovim's is known, ask for more.
---@param client vim.lsp.Client
---@param step integer 1 for the next, -1 for the one before.
---@return boolean # Always true: Neovim does not say whether it shows anything.
function M.select(client, step)
  if candidates.cycle(step) < 2 then
    invoke(client, step)
  end
  return true
end

--- Suggestions on or off in every buffer of the server.
function M.refresh()
  candidates.hide()
  for _, client in ipairs(server.clients()) do
    for bufnr in pairs(client.attached_buffers) do
      enable(bufnr)
    end
  end
end

return M
