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
---@param first integer Where to begin in it, from 0.
---@param other string
---@return integer # How many bytes both go on with.
local function common_prefix(one, first, other)
  local most, length = math.min(#one - first, #other), 0
  while length < most and one:byte(first + length + 1) == other:byte(length + 1) do
    length = length + 1
  end
  return length
end

---@param one string
---@param last integer Where to end in it, exclusive.
---@param other string
---@param most integer
---@return integer # How many bytes both end with.
local function common_suffix(one, last, other, most)
  local length = 0
  while length < most and one:byte(last - length) == other:byte(#other - length) do
    length = length + 1
  end
  return length
end

--- Where a line of the prompt has the beginning of a line: at its own, or behind a marker.
--- Markers of all models end with `>`.
---@param written string
---@param line string
---@return integer first Byte column in the line of the prompt.
---@return integer length
local function find_beginning(written, line)
  local first, length = 0, common_prefix(written, 0, line)
  for place in written:gmatch('()>') do
    local found = common_prefix(written, place, line)
    if found > length then
      first, length = place, found
    end
  end
  return first, length
end

--- Where it has the end of a line: at its own end, or before a marker. They begin with `<`.
---@param written string
---@param first integer Byte column that the end does not begin before.
---@param line string
---@param most integer Bytes of the line that may be its end.
---@return integer last Byte column, exclusive.
---@return integer length
local function find_end(written, first, line, most)
  local last = #written
  local length = common_suffix(written, last, line, math.min(most, last - first))
  for place in written:gmatch('()<') do
    local found = common_suffix(written, place - 1, line, math.min(most, place - 1 - first))
    if found > length then
      last, length = place - 1, found
    end
  end
  return last, length
end

---@class warmline.Match
---@field row integer In the buffer, 0-based.
---@field first integer Byte column in it.
---@field prompt_line integer 1-based.
---@field prompt_first integer Byte column in it.
---@field num_bytes integer

--- What a line shares with a line of the prompt that has some of the prompt's markers in it: in a
--- document of one line it has all of them, before it, at the cursor and after it.
---@param matches warmline.Match[]
---@param prompt_lines string[]
---@param lines string[]
---@param prompt_line integer 1-based.
---@param number integer 1-based.
local function match_marked_line(matches, prompt_lines, lines, prompt_line, number)
  local written, line = prompt_lines[prompt_line], lines[number]
  local first, before = find_beginning(written, line)
  local last, after = find_end(written, first + before, line, #line - before)
  local function add(column, prompt_first, num_bytes)
    table.insert(matches, {
      row = number - 1,
      first = column,
      prompt_line = prompt_line,
      prompt_first = prompt_first,
      num_bytes = num_bytes,
    })
  end
  add(0, first, before)
  add(#line - after, last - after, after)
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
---@param lines string[] Of the document; where it ends with a line break, the last one is empty.
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
