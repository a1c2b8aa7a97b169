-- Windows with text to read, beside the text that is written.
local M = {}

---@class warmline.Highlight
---@field row integer 0-based.
---@field group string

local namespace = vim.api.nvim_create_namespace('warmline.scratch')

---@param name string
---@return integer # The buffer of that name, made if there is none.
local function find_or_make(name)
  local bufnr = vim.fn.bufnr('^' .. name .. '$')
  if bufnr ~= -1 then
    return bufnr
  end
  bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(bufnr, name)
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = bufnr, desc = 'Close this window' })
  return bufnr
end

--- Show lines in a window of their own, in place of an earlier one of that name; `q` closes it.
---@param name string Of the buffer, such as `warmline://explain`.
---@param lines string[]
---@param highlights warmline.Highlight[]?
---@return integer bufnr
function M.open(name, lines, highlights)
  local bufnr = find_or_make(name)
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, true, lines)
  vim.bo[bufnr].modifiable = false
  for _, highlight in ipairs(highlights or {}) do
    vim.api.nvim_buf_set_extmark(bufnr, namespace, highlight.row, 0, {
      end_row = highlight.row + 1,
      hl_group = highlight.group,
    })
  end
  local window = vim.fn.bufwinid(bufnr)
  if window == -1 then
    vim.cmd('botright sbuffer ' .. bufnr)
  else
    vim.api.nvim_set_current_win(window)
  end
  return bufnr
end

return M
