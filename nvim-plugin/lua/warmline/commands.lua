-- `:Warmline NAME`.
local M = {}

--- What each name does, in a few words. The functions have the same names, with `_` for `-`.
M.descriptions = {
  cache = 'colour the text by the state of its cache',
  doctor = 'show what works, and what to do about the rest',
  explain = 'show what a suggestion here is made from',
  log = 'open the log',
  model = 'choose another model',
  next = 'show the next suggestion',
  previous = 'show the suggestion before',
  restart = 'stop the server and start it again',
  status = 'show what the server says about itself',
  toggle = 'turn suggestions off, or on again',
  ['toggle-language'] = 'the same for files of this type',
  trigger = 'ask for suggestions to choose from',
}

---@return string[]
local function names()
  local found = vim.tbl_keys(M.descriptions)
  table.sort(found)
  return found
end

--- Run a command; a name that is none is answered with those that are.
---@param name string
function M.run(name)
  if M.descriptions[name] then
    require('warmline')[name:gsub('-', '_')]()
  else
    local message = 'Warmline: "%s" is no command of it; use one of %s.'
    vim.notify(message:format(name, table.concat(names(), ', ')), vim.log.levels.ERROR)
  end
end

---@param start string What is typed of the name.
---@return string[]
function M.complete(start)
  return vim.tbl_filter(function(name)
    return vim.startswith(name, start)
  end, names())
end

return M
