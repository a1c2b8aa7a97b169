-- Suggestions as ghost text, for Neovim without vim.lsp.inline_completion (before 0.12).
local config = require('warmline.config')
local server = require('warmline.server')
local text = require('warmline.text')

local M = {}

local METHOD = 'textDocument/inlineCompletion'
local AUTOMATIC = 2
-- RequestCancelled, ContentModified and ServerCancelled: what newer work does to older.
local SUPERSEDED = { [-32800] = true, [-32801] = true, [-32802] = true }
local namespace = vim.api.nvim_create_namespace('warmline')
local group = vim.api.nvim_create_augroup('warmline.ghost', {})

--- A state of a buffer and its cursor. An answer counts only where it was asked for.
---@class warmline.Spot
---@field bufnr integer
---@field tick integer
---@field row integer
---@field column integer

---@class warmline.Shown
---@field bufnr integer
---@field row integer Where `text` begins, 0-based.
---@field column integer In bytes.
---@field text string The whole suggestion, typed part included.
---@field after string What stood behind the cursor on its line.
---@field replaced_bytes integer How much of `after` the suggestion replaces.

---@type warmline.Shown?
local shown = nil
---@type warmline.Spot?
local last_spot = nil
---@type uv.uv_timer_t?
local timer = nil
---@type { client: vim.lsp.Client, id: integer }?
local pending = nil

---@return warmline.Spot
local function here()
  local bufnr = vim.api.nvim_get_current_buf()
  local row, column = text.cursor()
  local tick = vim.api.nvim_buf_get_changedtick(bufnr)
  return { bufnr = bufnr, tick = tick, row = row, column = column }
end

local function after_cursor()
  return vim.api.nvim_get_current_line():sub(vim.api.nvim_win_get_cursor(0)[2] + 1)
end

local function drop_request()
  if timer then
    timer:close()
    timer = nil
  end
  if pending then
    server.call(pending.client, 'cancel_request', pending.id)
    pending = nil
  end
end

local function hide()
  if shown and vim.api.nvim_buf_is_valid(shown.bufnr) then
    vim.api.nvim_buf_clear_namespace(shown.bufnr, namespace, 0, -1)
  end
  shown = nil
end

--- What of the suggestion is still to come; nil when the text went another way.
---@return string?
local function remaining()
  if not shown or shown.bufnr ~= vim.api.nvim_get_current_buf() then
    return nil
  end
  local typed = text.before_cursor(shown.bufnr, shown.row, shown.column)
  if not typed or not vim.startswith(shown.text, typed) or after_cursor() ~= shown.after then
    return nil
  end
  local rest = shown.text:sub(#typed + 1)
  return rest ~= '' and rest or nil
end

---@param rest string
local function draw(rest)
  local bufnr = assert(shown).bufnr
  local row, column = text.cursor()
  local lines = vim.tbl_map(function(line)
    return { { line, 'WarmlineGhost' } }
  end, vim.split(rest, '\n', { plain = true }))
  vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  vim.api.nvim_buf_set_extmark(bufnr, namespace, row, column, {
    virt_text = lines[1],
    virt_text_pos = 'inline',
    virt_lines = vim.list_slice(lines, 2),
    hl_mode = 'combine',
  })
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
local function show(item, spot, encoding)
  local first, last = replaced_columns(item, spot, encoding)
  if not first or type(item.insertText) ~= 'string' or last < spot.column then
    return
  end
  shown = {
    bufnr = spot.bufnr,
    row = spot.row,
    column = first,
    text = (item.insertText:gsub('\r\n', '\n')),
    after = after_cursor(),
    replaced_bytes = last - spot.column,
  }
  local rest = remaining()
  if rest then
    draw(rest)
  else
    shown = nil
  end
end

---@param client vim.lsp.Client
---@param spot warmline.Spot
local function on_answer(client, spot, err, result)
  if err and not SUPERSEDED[err.code] then
    vim.lsp.log.error(METHOD, err)
  end
  local is_stale = not vim.deep_equal(spot, here()) or vim.fn.mode() ~= 'i'
  if err or is_stale or vim.fn.pumvisible() == 1 then
    return
  end
  hide()
  local item = result and (result.items or result)[1]
  if item then
    show(item, spot, client.offset_encoding)
  end
end

---@param client vim.lsp.Client
local function request(client)
  local spot = here()
  local params = {
    textDocument = vim.lsp.util.make_text_document_params(spot.bufnr),
    position = text.position(client.offset_encoding),
    context = { triggerKind = AUTOMATIC },
  }
  local is_sent, id
  is_sent, id = server.call(client, 'request', METHOD, params, function(err, result)
    if pending and pending.id == id then
      pending = nil
    end
    on_answer(client, spot, err, result)
  end, spot.bufnr)
  pending = is_sent and { client = client, id = id } or nil
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
      request(client)
    end
  end)
  this:start(assert(config.options).debounce_ms, 0, on_time)
end

--- Follow the text and the cursor: keep what still fits, else ask anew.
---@param client vim.lsp.Client
local function follow(client)
  local spot = here()
  if vim.deep_equal(spot, last_spot) then
    return -- One keystroke raises several events; and after dismiss nothing comes back by itself.
  end
  last_spot = spot
  drop_request()
  local rest = remaining()
  if rest then
    draw(rest)
    return
  end
  hide()
  if vim.fn.pumvisible() == 0 and assert(config.options).settings.enabled then
    request_soon(client)
  end
end

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

--- Accept a part of the suggestion. It is written once the editor lets us, so that keys
--- mapped as expressions may call this.
---@param take fun(rest: string): string Cuts the part off the front.
---@return boolean # False when there is no suggestion.
function M.accept(take)
  if not remaining() then
    return false
  end
  vim.schedule(function()
    local rest = remaining()
    if not rest then
      return
    end
    local part = take(rest)
    local current = assert(shown)
    if part == rest then
      hide()
      text.insert(current.bufnr, rest, current.replaced_bytes)
    else
      text.insert(current.bufnr, part, 0)
      draw(assert(remaining()))
    end
  end)
  return true
end

--- Take the suggestion away until the text or the cursor moves.
---@return boolean # False when there was none.
function M.dismiss()
  local was_shown = shown ~= nil
  drop_request()
  hide()
  return was_shown
end

--- Suggestions on or off everywhere; `follow` reads the setting.
function M.refresh()
  M.dismiss()
  last_spot = nil
end

return M
