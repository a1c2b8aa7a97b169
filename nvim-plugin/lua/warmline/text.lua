local M = {}

--- The first word of a suggestion, with the blank before it.
---@param text string
---@return string
function M.first_word(text)
  return text:match('^%s*[%w_\128-\255]+') or text:match('^%s*[^%w%s_\128-\255]+') or text
end

--- The first line of a suggestion; where it begins with a line break, that and the next line.
---@param text string
---@return string
function M.first_line(text)
  return text:match('^\n?[^\n]*')
end

--- Byte column of a protocol position in `line`, never past its end.
---@param line string
---@param character integer In units of `encoding`.
---@param encoding string 'utf-8', 'utf-16' or 'utf-32'.
---@return integer
function M.byte_column(line, character, encoding)
  if encoding == 'utf-8' then
    return math.min(character, #line)
  end
  if vim.fn.has('nvim-0.11') == 1 then
    return vim.str_byteindex(line, encoding, character, false)
  end
  local length_utf32, length_utf16 = vim.str_utfindex(line)
  local is_utf16 = encoding == 'utf-16'
  local length = is_utf16 and length_utf16 or length_utf32
  return vim.str_byteindex(line, math.min(character, length), is_utf16)
end

--- The cursor as a protocol position. Neovim 0.10's own conversion is wrong near the end of a
--- line that has characters of several bytes.
---@param encoding string 'utf-8', 'utf-16' or 'utf-32'.
---@return { line: integer, character: integer }
function M.position(encoding)
  local row, column = M.cursor()
  if encoding == 'utf-8' then
    return { line = row, character = column }
  end
  local line = vim.api.nvim_get_current_line()
  if vim.fn.has('nvim-0.11') == 1 then
    return { line = row, character = vim.str_utfindex(line, encoding, column, false) }
  end
  local utf32, utf16 = vim.str_utfindex(line, column)
  return { line = row, character = encoding == 'utf-16' and utf16 or utf32 }
end

--- The buffer's text from a place to the cursor; nil when the place lies behind the cursor.
---@param bufnr integer
---@param row integer 0-based.
---@param column integer In bytes.
---@return string?
function M.before_cursor(bufnr, row, column)
  local cursor_row, cursor_column = M.cursor()
  if cursor_row < row or (cursor_row == row and cursor_column < column) then
    return nil
  end
  local lines = vim.api.nvim_buf_get_text(bufnr, row, column, cursor_row, cursor_column, {})
  return table.concat(lines, '\n')
end

--- The cursor as 0-based row and byte column.
---@return integer row
---@return integer column
function M.cursor()
  local cursor = vim.api.nvim_win_get_cursor(0)
  return cursor[1] - 1, cursor[2]
end

--- Write at the cursor, in place of `replaced_bytes` after it, and put the cursor behind.
---@param bufnr integer
---@param text string
---@param replaced_bytes integer
function M.insert(bufnr, text, replaced_bytes)
  local row, column = M.cursor()
  local lines = vim.split(text, '\n', { plain = true })
  vim.api.nvim_buf_set_text(bufnr, row, column, row, column + replaced_bytes, lines)
  local last_start = #lines == 1 and column or 0
  vim.api.nvim_win_set_cursor(0, { row + #lines, last_start + #lines[#lines] })
end

return M
