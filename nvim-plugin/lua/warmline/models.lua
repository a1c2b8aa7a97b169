-- Choosing another model, and getting it where it is not on this machine.
local config = require('warmline.config')
local server = require('warmline.server')
local tool = require('warmline.tool')

local M = {}

local BYTES_PER_MB = 1e6

---@param model table One entry of `warmline models list --json`.
---@return string
local function describe(model)
  local is_here = model.state == 'ready'
  local bytes = is_here and model.bytes_on_disk or model.download_bytes
  local size = type(bytes) == 'number' and ('%.0f MB'):format(bytes / BYTES_PER_MB)
    or 'unknown size'
  local current = assert(config.options).settings.model
  local is_current = current == model.name or (current == nil and model.default)
  return ('%s  %s, %s%s'):format(
    model.name,
    size,
    is_here and 'on this machine' or 'to be downloaded',
    is_current and ', in use' or ''
  )
end

---@param name string
local function use(name)
  assert(config.options).settings.model = name
  server.send_settings()
  vim.notify('Warmline: the model is ' .. name)
end

---@param name string
local function pull(name)
  vim.notify('Warmline: getting ' .. name)
  tool.run({ 'models', 'pull', name }, function(result)
    if result.code == 0 then
      use(name)
    else
      local message = 'Warmline: %s could not be had: %s'
      vim.notify(message:format(name, tool.problem(result)), vim.log.levels.ERROR)
    end
  end, function(line)
    vim.notify('Warmline: ' .. line)
  end)
end

---@param model table?
local function choose(model)
  if not model then
    return
  end
  if model.state == 'ready' then
    use(model.name)
  else
    pull(model.name)
  end
end

--- Let the user choose among the models there are, and use the chosen one from now on.
function M.select()
  tool.run({ 'models', 'list', '--json' }, function(result)
    local is_json, answer = pcall(vim.json.decode, result.stdout, { luanil = { object = true } })
    if result.code ~= 0 or not is_json then
      vim.notify('Warmline: no list of models: ' .. tool.problem(result), vim.log.levels.ERROR)
      return
    end
    vim.ui.select(answer.models, { prompt = 'Model', format_item = describe }, choose)
  end)
end

return M
