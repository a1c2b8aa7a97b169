-- The live cache in the text: what of it the model holds exactly, moved, or read anew.
local runs = require('warmline.runs')
local server = require('warmline.server')

local M = {}

local REFRESH_MS = 300
local namespace = vim.api.nvim_create_namespace('warmline.cache')
local group = vim.api.nvim_create_augroup('warmline.cache', {})

---@type table<integer, uv.uv_timer_t> By buffer: the view is on there.
local timers = {}

---@param run table One entry of `runs` in the server's answer.
local function highlight_of(run)
  if run.is_exact then
    return 'WarmlineCacheExact'
  end
  return run.origin == 'encoded' and 'WarmlineCacheEncoded' or 'WarmlineCacheMoved'
end

---@param bufnr integer
---@param cache table
local function draw(bufnr, cache)
  vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, true)
  if vim.bo[bufnr].endofline then
    table.insert(lines, '') -- as the server has it
  end
  for _, part in ipairs(runs.place(cache.runs, lines)) do
    vim.api.nvim_buf_set_extmark(bufnr, namespace, part.row, part.first, {
      end_col = part.last,
      hl_group = highlight_of(part.run),
      priority = 50, -- below the colours of syntax, which set no background
    })
  end
end

---@param cache table
---@return string
local function totals(cache)
  local message = ('%d tokens: %d kept, %d moved, %d encoded; exact up to token %d'):format(
    cache.num_tokens,
    cache.num_kept,
    cache.num_moved,
    cache.num_encoded,
    cache.exact_prefix
  )
  local last = cache.last_sync
  if last then
    message = message .. ('; last edit %.0f ms'):format(last.sync_ms)
  end
  return message
end

---@param message string
local function tell(message)
  if vim.fn.mode() ~= 'i' then
    vim.api.nvim_echo({ { 'Warmline: ' .. message } }, false, {})
  end
end

---@param bufnr integer
local function refresh(bufnr)
  local params = { textDocument = vim.lsp.util.make_text_document_params(bufnr) }
  local tick = vim.api.nvim_buf_get_changedtick(bufnr)
  local is_sent = server.request(bufnr, 'warmline/cache', params, function(err, cache)
    if not timers[bufnr] or vim.api.nvim_buf_get_changedtick(bufnr) ~= tick then
      return -- It was turned off meanwhile, or is asked for again soon.
    end
    if err then
      tell(err.message)
    elseif not cache then
      tell('there is no cache of this file yet')
    else
      draw(bufnr, cache)
      tell(totals(cache))
    end
  end)
  if not is_sent then
    tell('no server runs; see :checkhealth warmline')
  end
end

---@param bufnr integer
local function turn_off(bufnr)
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  timers[bufnr]:close()
  timers[bufnr] = nil
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  end
end

---@param bufnr integer
local function turn_on(bufnr)
  local timer = assert(vim.uv.new_timer())
  timers[bufnr] = timer
  local on_time = vim.schedule_wrap(function()
    if timers[bufnr] == timer then
      refresh(bufnr)
    end
  end)
  vim.api.nvim_create_autocmd({ 'TextChanged', 'TextChangedI', 'CursorHold', 'CursorHoldI' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      timer:start(REFRESH_MS, 0, on_time)
    end,
  })
  vim.api.nvim_create_autocmd('BufUnload', {
    group = group,
    buffer = bufnr,
    callback = function()
      turn_off(bufnr)
    end,
  })
  refresh(bufnr)
end

--- Colour the current buffer by the state of its live cache, or stop doing so.
function M.toggle()
  local bufnr = vim.api.nvim_get_current_buf()
  if timers[bufnr] then
    turn_off(bufnr)
    tell('the cache is not shown any more')
  else
    turn_on(bufnr)
  end
end

return M
