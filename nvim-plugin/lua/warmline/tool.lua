-- What the command line tool says, beside the server.
local config = require('warmline.config')
local scratch = require('warmline.scratch')

local M = {}

local COLUMNS = '100'
local DOCTOR_TIMEOUT_MS = 60 * 1000

--- Run the tool without waiting for it.
---@param arguments string[]
---@param callback fun(result: vim.SystemCompleted)
---@param on_progress fun(line: string)? Called with each line of its standard error.
function M.run(arguments, callback, on_progress)
  local command = vim.list_extend(config.tool(), arguments)
  local options = { text = true, env = { COLUMNS = COLUMNS } }
  local told = ''
  if on_progress then
    options.stderr = function(_, data)
      told = told .. (data or '')
      for line in (data or ''):gmatch('[^\r\n]+') do
        vim.schedule_wrap(on_progress)(line)
      end
    end
  end
  local is_started, problem = pcall(vim.system, command, options, function(result)
    result.stderr = on_progress and told or result.stderr
    vim.schedule_wrap(callback)(result)
  end)
  if not is_started then
    vim.notify('Warmline: ' .. problem, vim.log.levels.ERROR)
  end
end

---@param result vim.SystemCompleted
---@return string # What went wrong, in the tool's own words.
function M.problem(result)
  local lines = vim.split(vim.trim(result.stderr or ''), '\n')
  return lines[#lines] ~= '' and lines[#lines] or 'exit code ' .. result.code
end

--- A model that the server's command names comes before the one in its settings.
---@return string[]
local function model_of_call()
  local cmd = assert(config.options).cmd
  for index, word in ipairs(cmd) do
    if word == '--model' then
      return { word, cmd[index + 1] }
    end
  end
  return {}
end

--- Run `warmline doctor` with the settings that count here, and wait for it.
---@param file string For the settings.
---@return vim.SystemCompleted
local function run_doctor(file)
  vim.fn.writefile({ vim.json.encode(assert(config.options).settings) }, file)
  local command = vim.list_extend(config.tool(), { 'doctor', '--json', '--settings', file })
  local process = vim.system(vim.list_extend(command, model_of_call()), { text = true })
  return process:wait(DOCTOR_TIMEOUT_MS)
end

--- What `warmline doctor` finds with the settings that count here; waits for it.
---@return table[]? # As in its JSON.
---@return string? problem Why it found nothing.
function M.findings()
  local file = vim.fn.tempname()
  local is_started, result = pcall(run_doctor, file)
  vim.fn.delete(file)
  if not is_started then
    return nil, tostring(result)
  end
  local is_json, answer = pcall(vim.json.decode, result.stdout or '')
  if not is_json or type(answer) ~= 'table' or not answer.findings then
    return nil, M.problem(result)
  end
  return answer.findings
end

--- Show what `warmline doctor` finds.
function M.doctor()
  vim.notify('Warmline: looking at the installation')
  M.run({ 'doctor' }, function(result)
    local told = vim.trim(result.stdout or '')
    told = told ~= '' and told or M.problem(result)
    scratch.open('warmline://doctor', vim.split(told, '\n'))
  end)
end

--- Open Neovim's log of language servers, where the server's own log goes, at its end.
function M.log()
  vim.cmd('botright split ' .. vim.fn.fnameescape(vim.lsp.log.get_filename()))
  vim.bo.readonly = true
  vim.cmd('normal! G')
end

return M
