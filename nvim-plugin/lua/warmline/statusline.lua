-- The state of things in a few words, for the status line.
local config = require('warmline.config')
local reasons = require('warmline.reasons')

local M = {}

---@param bufnr integer
---@return string? # Why this buffer gets nothing; nil where it gets suggestions.
local function off_reason(bufnr)
  local settings = config.options and config.options.settings
  if settings and not settings.enabled then
    return 'off'
  end
  if settings and not config.is_on_for(bufnr) then
    return 'off for ' .. vim.bo[bufnr].filetype
  end
  local reason = reasons.of_buffer(bufnr)
  return reason and 'off here: ' .. reason
end

---@param status warmline.Status
---@param percent integer?
---@return string
local function busy(status, percent)
  if percent then
    return ('loading %d %%'):format(percent)
  end
  return status.message ~= '' and status.message or 'thinking'
end

--- Say what the server does.
---@param status warmline.Status? What it last said; nil without a server.
---@param bufnr integer
---@param percent integer? How much of the model is loaded, while it loads.
---@return string
function M.describe(status, bufnr, percent)
  if not status then
    return ''
  end
  if status.kind == 'Error' then
    return 'Warmline: error: ' .. status.message
  end
  local off = off_reason(bufnr)
  if off then
    return 'Warmline: ' .. off
  end
  if status.kind == 'Inactive' then
    return 'Warmline: off: ' .. status.message
  end
  if status.busy then
    return 'Warmline: ' .. busy(status, percent)
  end
  return 'Warmline: ' .. (status.message ~= '' and status.message or 'ready')
end

return M
