local M = {}

---@class warmline.Options
---@field cmd string[] The server and its arguments.
---@field settings table Sent to the server as its section `warmline`; empty means its defaults.
---@field debounce_ms integer Quiet time before a suggestion is asked for (not on Neovim 0.12).
---@field keymaps table<string, string|false> Insert mode keys by action; false for none.
M.defaults = {
  cmd = { 'warmline', 'serve' },
  settings = {},
  debounce_ms = 75,
  keymaps = {
    accept = '<Tab>',
    accept_word = '<C-Right>',
    accept_line = '<C-Down>',
    dismiss = '<C-]>',
    trigger = '<M-\\>',
    next = '<M-]>',
    previous = '<M-[>',
  },
}

---@type warmline.Options?
M.options = nil

---@param given table
local function check(given)
  for name, value in pairs(given) do
    local default = M.defaults[name]
    if default == nil then
      local known = vim.tbl_keys(M.defaults)
      table.sort(known)
      local message = 'warmline.setup: "%s" is no option; known are %s.'
      error(message:format(name, table.concat(known, ', ')), 0)
    end
    if type(value) ~= type(default) then
      local message = 'warmline.setup: "%s" is a %s; give a %s.'
      error(message:format(name, type(value), type(default)), 0)
    end
  end
end

---@param keymaps table
local function check_keymaps(keymaps)
  for action in pairs(keymaps) do
    if M.defaults.keymaps[action] == nil then
      local known = vim.tbl_keys(M.defaults.keymaps)
      table.sort(known)
      local message = 'warmline.setup: "%s" is no action for a key; known are %s.'
      error(message:format(action, table.concat(known, ', ')), 0)
    end
  end
end

--- Take the user's options; an unknown name or a wrong type raises an error that names it.
---@param given table?
---@return warmline.Options
function M.set(given)
  given = given or {}
  check(given)
  check_keymaps(given.keymaps or {})
  local options = vim.tbl_deep_extend('force', M.defaults, given)
  options.settings = vim.tbl_extend('keep', options.settings, { enabled = true })
  M.options = options
  return options
end

--- Whether the user wants suggestions in a buffer.
---@param bufnr integer
---@return boolean
function M.is_on_for(bufnr)
  local settings = assert(M.options).settings
  local off_for = settings.disabledLanguages or {}
  return settings.enabled and not vim.tbl_contains(off_for, vim.bo[bufnr].filetype)
end

--- The command line tool and its first arguments: the server's command up to `serve`.
---@return string[]
function M.tool()
  local command = {}
  for _, word in ipairs(assert(M.options).cmd) do
    if word == 'serve' then
      break
    end
    table.insert(command, word)
  end
  return command
end

return M
