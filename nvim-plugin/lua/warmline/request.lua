-- Asks the server for suggestions: one request at a time, and no answer for another text.
local candidates = require('warmline.candidates')
local reasons = require('warmline.reasons')
local server = require('warmline.server')
local text = require('warmline.text')

local M = {}

local METHOD = 'textDocument/inlineCompletion'
M.INVOKED = 1
M.AUTOMATIC = 2
-- RequestCancelled, ContentModified and ServerCancelled: what newer work does to older.
local SUPERSEDED = { [-32800] = true, [-32801] = true, [-32802] = true }

--- A state of a buffer and its cursor. An answer counts only where it was asked for.
---@class warmline.Spot
---@field bufnr integer
---@field tick integer
---@field row integer
---@field column integer

---@type { client: vim.lsp.Client, id: integer }?
local pending = nil

---@return warmline.Spot
function M.here()
  local bufnr = vim.api.nvim_get_current_buf()
  local row, column = text.cursor()
  local tick = vim.api.nvim_buf_get_changedtick(bufnr)
  return { bufnr = bufnr, tick = tick, row = row, column = column }
end

--- Give the request up that is on its way, if there is one.
function M.drop()
  if pending then
    server.call(pending.client, 'cancel_request', pending.id)
    pending = nil
  end
end

--- The byte columns an item replaces on the cursor's line; nil when it reaches beyond that line.
---@param item table
---@param spot warmline.Spot
---@param encoding string
local function replaced_columns(item, spot, encoding)
  if not item.range then
    return spot.column, spot.column
  end
  if item.range.start.line ~= spot.row or item.range['end'].line ~= spot.row then
    return nil
  end
  local line = vim.api.nvim_get_current_line()
  local first = text.byte_column(line, item.range.start.character, encoding)
  local last = text.byte_column(line, item.range['end'].character, encoding)
  return first, last
end

---@param item table An InlineCompletionItem.
---@param spot warmline.Spot
---@param encoding string
---@return warmline.Candidate? # Nil for what cannot be shown.
local function candidate_of(item, spot, encoding)
  local first, last = replaced_columns(item, spot, encoding)
  if not first or type(item.insertText) ~= 'string' or last < spot.column then
    return nil
  end
  return {
    row = spot.row,
    column = first,
    text = (item.insertText:gsub('\r\n', '\n')),
    replaced_bytes = last - spot.column,
  }
end

---@param result table? An InlineCompletionList, or the list itself.
---@param spot warmline.Spot
---@param encoding string
---@return warmline.Candidate[]
local function candidates_of(result, spot, encoding)
  local found = {}
  for _, item in ipairs(result and (result.items or result) or {}) do
    table.insert(found, candidate_of(item, spot, encoding))
  end
  return found
end

---@param spot warmline.Spot
local function is_stale(spot)
  return not vim.deep_equal(spot, M.here()) or vim.fn.mode() ~= 'i' or vim.fn.pumvisible() == 1
end

---@param client vim.lsp.Client
---@param spot warmline.Spot
---@param on_answer fun(is_shown: boolean)?
local function take_answer(client, spot, err, result, on_answer)
  if err and not SUPERSEDED[err.code] then
    vim.lsp.log.error(METHOD, err)
  end
  if err or is_stale(spot) then
    return
  end
  local is_shown = candidates.show(candidates_of(result, spot, client.offset_encoding))
  reasons.follow(client, spot.bufnr, is_shown)
  if on_answer then
    on_answer(is_shown)
  end
end

--- Ask for suggestions at the cursor, in place of an earlier request, and show what comes.
---@param client vim.lsp.Client
---@param trigger_kind integer `INVOKED` gets several to choose from, `AUTOMATIC` one.
---@param on_answer fun(is_shown: boolean)? Not called where the text or the cursor has moved on.
function M.send(client, trigger_kind, on_answer)
  M.drop()
  local spot = M.here()
  local params = {
    textDocument = vim.lsp.util.make_text_document_params(spot.bufnr),
    position = text.position(client.offset_encoding),
    context = { triggerKind = trigger_kind },
  }
  local is_sent, id
  is_sent, id = server.call(client, 'request', METHOD, params, function(err, result)
    if pending and pending.id == id then
      pending = nil
    end
    take_answer(client, spot, err, result, on_answer)
  end, spot.bufnr)
  pending = is_sent and { client = client, id = id } or nil
end

--- Ask for several and show one of them.
---@param client vim.lsp.Client
---@param step integer 0 for the first; 1 or -1 for the one after or before what is shown, which is
---  the first where Neovim shows it.
---@param on_empty fun()?
function M.invoke(client, step, on_empty)
  local before = candidates.rest()
  M.send(client, M.INVOKED, function(is_shown)
    if not is_shown then
      reasons.tell(client)
      if on_empty then
        on_empty()
      end
      return
    end
    local is_first_known = before == nil or candidates.rest() == before
    if is_first_known and candidates.cycle(step) == 1 and step ~= 0 then
      vim.notify('Warmline: there is no other suggestion here')
    end
  end)
end

return M
