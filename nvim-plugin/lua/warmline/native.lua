-- Suggestions through vim.lsp.inline_completion (Neovim 0.12 and later).
local config = require('warmline.config')
local server = require('warmline.server')
local text = require('warmline.text')

local M = {}

---@param client vim.lsp.Client
---@param bufnr integer
function M.attach(_, bufnr)
  vim.lsp.inline_completion.enable(assert(config.options).settings.enabled, { bufnr = bufnr })
end

--- Neovim takes its suggestions away itself when the client goes.
function M.detach() end

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
  -- Neovim drops the suggestion before it calls us, and we write nothing.
  return vim.lsp.inline_completion.get({ on_accept = function() end })
end

--- Suggestions on or off in every buffer of the server.
function M.refresh()
  local is_enabled = assert(config.options).settings.enabled
  for _, client in ipairs(server.clients()) do
    for bufnr in pairs(client.attached_buffers) do
      vim.lsp.inline_completion.enable(is_enabled, { bufnr = bufnr })
    end
  end
end

return M
