-- The suggestions that this plugin shows itself: ghost text at the cursor, one of several at a time.
local text = require('warmline.text')

local M = {}

local namespace = vim.api.nvim_create_namespace('warmline')

---@class warmline.Candidate
---@field row integer Where `text` begins, 0-based.
---@field column integer In bytes.
---@field text string The whole suggestion, typed part included.
---@field replaced_bytes integer How much after the cursor it replaces.

---@class warmline.Shown
---@field bufnr integer
---@field candidates warmline.Candidate[]
---@field current warmline.Candidate
---@field after string What stood behind the cursor on its line.

---@type warmline.Shown?
local shown = nil

local function after_cursor()
  return vim.api.nvim_get_current_line():sub(vim.api.nvim_win_get_cursor(0)[2] + 1)
end

--- What of a candidate is still to come; nil when the text went another way.
---@param candidate warmline.Candidate
---@return string?
local function remaining(candidate)
  local current = assert(shown)
  local typed = text.before_cursor(current.bufnr, candidate.row, candidate.column)
  if not typed or not vim.startswith(candidate.text, typed) then
    return nil
  end
  local rest = candidate.text:sub(#typed + 1)
  return rest ~= '' and rest or nil
end

---@return boolean # Whether suggestions are shown at all, and where the cursor is.
local function is_here()
  return shown ~= nil
    and shown.bufnr == vim.api.nvim_get_current_buf()
    and shown.after == after_cursor()
end

--- What of the current suggestion is still to come; nil when there is none that fits the text.
---@return string?
function M.rest()
  return is_here() and remaining(assert(shown).current) or nil
end

--- The candidates that still fit the text, in the server's order.
---@return warmline.Candidate[]
local function fitting()
  return is_here() and vim.tbl_filter(remaining, assert(shown).candidates) or {}
end

---@param bufnr integer
---@param rest string
local function draw_rest(bufnr, rest)
  local row, column = text.cursor()
  local lines = vim.tbl_map(function(line)
    return { { line, 'WarmlineGhost' } }
  end, vim.split(rest, '\n', { plain = true }))
  vim.api.nvim_buf_set_extmark(bufnr, namespace, row, column, {
    virt_text = lines[1],
    virt_text_pos = 'inline',
    virt_lines = vim.list_slice(lines, 2),
    hl_mode = 'combine',
  })
end

--- Which of several is shown, at the end of the line, where it does not look like code.
---@param bufnr integer
local function draw_count(bufnr)
  local all = fitting()
  if #all < 2 then
    return
  end
  for index, candidate in ipairs(all) do
    if candidate == assert(shown).current then
      local row, column = text.cursor()
      vim.api.nvim_buf_set_extmark(bufnr, namespace, row, column, {
        virt_text = { { ('(%d/%d)'):format(index, #all), 'WarmlineCount' } },
        virt_text_pos = 'eol',
      })
    end
  end
end

--- Draw what is still to come where the cursor is now.
---@return boolean # False, with nothing drawn, when it does not fit the text any more.
function M.draw()
  local rest = M.rest()
  if not rest then
    return false
  end
  local bufnr = assert(shown).bufnr
  vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  draw_rest(bufnr, rest)
  draw_count(bufnr)
  return true
end

--- Take the ghost text away.
---@return boolean # False when there was none.
function M.hide()
  local was_shown = shown ~= nil
  if shown and vim.api.nvim_buf_is_valid(shown.bufnr) then
    vim.api.nvim_buf_clear_namespace(shown.bufnr, namespace, 0, -1)
  end
  shown = nil
  return was_shown
end

--- Show the first candidate that fits the text, in place of what is shown.
---@param candidates warmline.Candidate[]
---@return boolean # False when none fits.
function M.show(candidates)
  M.hide()
  if #candidates == 0 then
    return false
  end
  shown = {
    bufnr = vim.api.nvim_get_current_buf(),
    candidates = candidates,
    current = candidates[1],
    after = after_cursor(),
  }
  local first = fitting()[1]
  if not first then
    M.hide()
    return false
  end
  shown.current = first
  return M.draw()
end

--- Show another of the candidates that fit; behind the last comes the first.
---@param step integer 1 for the next, -1 for the one before.
---@return integer # How many there are to choose from.
function M.cycle(step)
  local all = fitting()
  for index, candidate in ipairs(all) do
    if candidate == assert(shown).current then
      shown.current = all[(index - 1 + step) % #all + 1]
      M.draw()
      break
    end
  end
  return #all
end

--- Write a part of the suggestion once the editor lets us, so that keys mapped as expressions
--- may call this.
---@param take fun(rest: string): string Cuts the part off the front.
---@return boolean # False when there is no suggestion.
function M.accept(take)
  if not M.rest() then
    return false
  end
  vim.schedule(function()
    local rest = M.rest()
    if not rest then
      return
    end
    local part = take(rest)
    local current = assert(shown)
    if part == rest then
      M.hide()
      text.insert(current.bufnr, rest, current.current.replaced_bytes)
    else
      text.insert(current.bufnr, part, 0)
      M.draw()
    end
  end)
  return true
end

return M
