-- What a suggestion is made from, as text: chunks of other files, vetoes, times.
local M = {}

local HEADING, DETAIL, GOOD = 'WarmlineHeading', 'WarmlineDetail', 'WarmlineChunk'

---@class warmline.Page
---@field lines string[]
---@field highlights warmline.Highlight[]
---@field targets table<integer, { path: string, line: integer }> Places in files, by line from 1.

---@return warmline.Page
local function new_page()
  return { lines = {}, highlights = {}, targets = {} }
end

---@param page warmline.Page
---@param text string
---@param group string?
local function add(page, text, group)
  for _, line in ipairs(vim.split(text, '\n', { plain = true })) do
    table.insert(page.lines, line)
    if group then
      table.insert(page.highlights, { row = #page.lines - 1, group = group })
    end
  end
end

---@param score number?
---@return string
local function number(score)
  return type(score) == 'number' and ('%.2f'):format(score) or '-'
end

---@param page warmline.Page
---@param chunk table
local function add_chunk(page, chunk)
  local place = ('%s:%d-%d'):format(chunk.path, chunk.line, chunk.line + chunk.num_lines - 1)
  local scores = ('score %s, words %s, ranking %s'):format(
    number(chunk.score),
    number(chunk.lexical_score),
    number(chunk.encoder_score)
  )
  if chunk.left_out ~= '' then
    add(page, ('  %s  (%s)  %s'):format(place, scores, chunk.left_out), DETAIL)
  else
    local cut = chunk.is_cut and ', cut' or ''
    add(page, ('  %s  (%s)  %d tokens%s'):format(place, scores, chunk.tokens, cut), GOOD)
  end
  page.targets[#page.lines] = { path = chunk.path, line = chunk.line }
  if chunk.text ~= '' then
    add(page, '    | ' .. chunk.text:gsub('\n$', ''):gsub('\n', '\n    | '))
  end
end

---@param page warmline.Page
---@param answer table
local function add_chunks(page, answer)
  add(page, 'From other files, the best last', HEADING)
  for _, chunk in ipairs(answer.chunks) do
    add_chunk(page, chunk)
  end
  if #answer.chunks == 0 then
    add(page, '  nothing')
  end
  if answer.note ~= '' then
    add(page, '  ' .. answer.note, DETAIL)
  end
  if #answer.left_out > 0 then
    add(page, '')
    add(page, 'Left out, the best first', HEADING)
    for _, chunk in ipairs(answer.left_out) do
      add_chunk(page, chunk)
    end
  end
end

---@param page warmline.Page
---@param name table? What analysis says about the name at the cursor.
local function add_name(page, name)
  if not name then
    return
  end
  add(page, '')
  add(page, 'The name at the cursor', HEADING)
  local what = name.receiver ~= '' and ('%s of %s'):format(name.kind, name.receiver) or name.kind
  if #name.names == 0 then
    add(page, ('  %s: anything may stand, because %s'):format(what, name.reason))
  else
    local names = table.concat(name.names, ', ')
    add(page, ('  %s: %s  (%s, %.0f ms)'):format(what, names, name.analyser, name.took_ms))
  end
end

---@param page warmline.Page
---@param last table? The latest suggestion.
local function add_suggestion(page, last)
  if not last then
    return
  end
  add(page, '')
  add(page, 'The latest suggestion', HEADING)
  if last.text == '' then
    add(page, '  none: ' .. last.detail)
  else
    add(page, '    | ' .. last.text:gsub('\n', '\n    | '))
  end
  local times = last.timings
  local message =
    '  %s: %.0f ms in all, of these cache %.0f ms, search %.0f ms; first token %.0f ms'
  local origin = last.origin:gsub('_', ' ')
  add(
    page,
    message:format(origin, times.total_ms, times.sync_ms, times.search_ms, times.first_token_ms)
  )
  for _, veto in ipairs(last.monitors.vetoes) do
    local taken_back = '  taken back: %s %s, written instead: %s  (%s, %.0f ms)'
    local name = veto.receiver ~= '' and veto.receiver .. '.' .. veto.name or veto.name
    add(
      page,
      taken_back:format(veto.kind, name, veto.instead, veto.analyser, veto.took_ms),
      'DiagnosticWarn'
    )
  end
end

---@param page warmline.Page
---@param answer table
local function add_costs(page, answer)
  add(page, '')
  add(page, 'The prompt', HEADING)
  for _, part in ipairs(answer.prompt) do
    add(page, ('  %6d tokens  %s %s'):format(part.tokens, part.kind, part.label), DETAIL)
  end
  local tokens = '  %6d tokens in all, of these %d of at most %d from other files'
  add(page, tokens:format(answer.prompt_tokens, answer.context_tokens, answer.budget_tokens))
  local times = answer.timings
  local message = '  searched in %.0f ms (words %.0f ms, ranking %.0f ms), laid out in %.0f ms'
  add(page, message:format(times.search_ms, times.lexical_ms, times.encoder_ms, times.prompt_ms))
end

--- Lay out what the server says about a place.
---@param answer table Of `warmline/explain`.
---@param last table? Of `warmline/lastSuggestion`.
---@return warmline.Page
function M.page(answer, last)
  local page = new_page()
  add(
    page,
    ('%s, written by %s'):format(
      vim.fn.fnamemodify(vim.uri_to_fname(answer.document), ':.'),
      answer.model
    ),
    HEADING
  )
  add(page, '')
  add_chunks(page, answer)
  add_name(page, answer.name)
  add_suggestion(page, last)
  add_costs(page, answer)
  return page
end

return M
