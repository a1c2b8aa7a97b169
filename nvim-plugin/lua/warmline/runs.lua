-- Where the runs of a live cache lie in a buffer.
--
-- A prompt is more than the document: other files come before it, and it is cut at the cursor. So
-- its lines are matched with those of the buffer; lines the cache does not have stay uncoloured.
local M = {}

---@class warmline.RunPart
---@field row integer 0-based.
---@field first integer Byte column.
---@field last integer Byte column, exclusive.
---@field run table

local diff = vim.text and vim.text.diff or vim.diff

---@param runs table[]
---@return string prompt
---@return integer[] starts Byte offset of each run in it.
local function join(runs)
  local texts, starts, offset = {}, {}, 0
  for index, run in ipairs(runs) do
    texts[index], starts[index] = run.text, offset
    offset = offset + #run.text
  end
  return table.concat(texts), starts
end

---@param one string
---@param other string
---@return integer # How many bytes both begin with.
local function common_prefix(one, other)
  local length = 0
  while length < math.min(#one, #other) and one:byte(length + 1) == other:byte(length + 1) do
    length = length + 1
  end
  return length
end

---@class warmline.Match
---@field row integer In the buffer, 0-based.
---@field first integer Byte column in it.
---@field prompt_line integer 1-based.
---@field prompt_first integer Byte column in it.
---@field num_bytes integer

--- What a line shares with a line of the prompt that has one of the prompt's markers in it.
---@param matches warmline.Match[]
---@param prompt_lines string[]
---@param lines string[]
---@param prompt_line integer 1-based.
---@param number integer 1-based.
local function match_marked_line(matches, prompt_lines, lines, prompt_line, number)
  local written, line = prompt_lines[prompt_line], lines[number]
  local before = common_prefix(written, line)
  local after = common_prefix(written:sub(before + 1):reverse(), line:sub(before + 1):reverse())
  local function add(first, prompt_first, num_bytes)
    table.insert(matches, {
      row = number - 1,
      first = first,
      prompt_line = prompt_line,
      prompt_first = prompt_first,
      num_bytes = num_bytes,
    })
  end
  add(0, 0, before)
  add(#line - after, #written - after, after)
end

--- Other files stand before the document, so lines that differ are paired from the last one on.
---@param matches warmline.Match[]
---@param prompt_lines string[]
---@param lines string[]
---@param hunk integer[]
local function match_hunk(matches, prompt_lines, lines, hunk)
  local prompt_first, num_prompt, first, num = unpack(hunk)
  for back = math.min(num_prompt, num), 1, -1 do
    local prompt_line, number = prompt_first + num_prompt - back, first + num - back
    match_marked_line(matches, prompt_lines, lines, prompt_line, number)
  end
end

---@param matches warmline.Match[]
local function match_lines(matches, lines, prompt_first, first, num)
  for offset = 0, num - 1 do
    table.insert(matches, {
      row = first + offset - 1,
      first = 0,
      prompt_line = prompt_first + offset,
      prompt_first = 0,
      num_bytes = #lines[first + offset],
    })
  end
end

---@param prompt_lines string[]
---@param lines string[]
---@return warmline.Match[] # In the order of the prompt.
local function match(prompt_lines, lines)
  local one, other = table.concat(prompt_lines, '\n') .. '\n', table.concat(lines, '\n') .. '\n'
  local hunks = diff(one, other, { result_type = 'indices', algorithm = 'histogram' })
  local matches, prompt_next, next = {}, 1, 1
  for _, hunk in
    ipairs(hunks --[[@as integer[][] ]])
  do
    -- A side without lines names the line before it.
    local first = hunk[4] == 0 and hunk[3] + 1 or hunk[3]
    match_lines(matches, lines, prompt_next, next, first - next)
    match_hunk(matches, prompt_lines, lines, hunk)
    prompt_next = (hunk[2] == 0 and hunk[1] + 1 or hunk[1]) + hunk[2]
    next = first + hunk[4]
  end
  match_lines(matches, lines, prompt_next, next, #lines - next + 1)
  return matches
end

---@param prompt_lines string[]
---@return integer[] # Byte offset of each line in the prompt.
local function line_starts_of(prompt_lines)
  local starts, offset = {}, 0
  for index, line in ipairs(prompt_lines) do
    starts[index], offset = offset, offset + #line + 1
  end
  return starts
end

--- What of a run lies in a matched part.
---@param run table
---@param run_start integer Byte offset in the prompt.
---@param found warmline.Match
---@param start integer Byte offset of the match in the prompt.
---@return warmline.RunPart?
local function part_of(run, run_start, found, start)
  local first = math.max(run_start, start)
  local last = math.min(run_start + #run.text, start + found.num_bytes)
  if first >= last then
    return nil
  end
  local column = found.first + first - start
  return { row = found.row, first = column, last = column + last - first, run = run }
end

--- Put runs to the places in a buffer that they stand for.
---@param runs table[] As in the answer to `warmline/cache`.
---@param lines string[] Of the buffer.
---@return warmline.RunPart[]
function M.place(runs, lines)
  local prompt, starts = join(runs)
  local prompt_lines = vim.split(prompt, '\n', { plain = true })
  local line_starts = line_starts_of(prompt_lines)
  local parts, index = {}, 1
  for _, found in ipairs(match(prompt_lines, lines)) do
    local start = line_starts[found.prompt_line] + found.prompt_first
    while runs[index + 1] and starts[index + 1] <= start do
      index = index + 1
    end
    local at = index
    while runs[at] and starts[at] < start + found.num_bytes do
      table.insert(parts, part_of(runs[at], starts[at], found, start))
      at = at + 1
    end
  end
  return parts
end

return M
