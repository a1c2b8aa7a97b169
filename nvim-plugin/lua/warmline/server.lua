local config = require('warmline.config')

local M = {}

local NAME = 'warmline'
local STOP_TIMEOUT_MS = 3000
local STOP_POLL_MS = 20
local MOST_REVIVALS = 3
local REVIVAL_PERIOD_MS = 180 * 1000

---@class warmline.Status
---@field busy boolean
---@field kind string 'Normal', 'Error', 'Warning' or 'Inactive'.
---@field message string

--- What the server last said about itself.
---@type warmline.Status?
M.status = nil

--- How much of the model is loaded, while it loads.
---@type integer?
M.percent = nil

--- How it ended, where nobody wanted it to.
---@type string?
M.ended = nil

local is_stopping = false
---@type integer[] When the server was started again because it had ended, in milliseconds.
local revivals = {}

--- Clients had functions before Neovim 0.11 and have methods since.
---@param client vim.lsp.Client
---@param name string
function M.call(client, name, ...)
  if vim.fn.has('nvim-0.11') == 1 then
    return client[name](client, ...)
  end
  return client[name](...)
end

---@return vim.lsp.Client[]
function M.clients()
  return vim.lsp.get_clients({ name = NAME })
end

--- Raise the event that status lines are redrawn at.
function M.tell_status_changed()
  vim.api.nvim_exec_autocmds('User', { pattern = 'WarmlineStatus', modeline = false })
end

---@param status warmline.Status?
local function set_status(status)
  M.status = status
  M.tell_status_changed()
end

--- Follow the loading of the model.
---@param params { value: { kind: string, percentage: integer? } } Of `$/progress`.
function M.follow_progress(params)
  M.percent = params.value.kind ~= 'end' and params.value.percentage or nil
  M.tell_status_changed()
end

---@return boolean # Whether the server may be started once more.
local function may_revive()
  local now_ms = vim.uv.now()
  revivals = vim.tbl_filter(function(time_ms)
    return now_ms - time_ms < REVIVAL_PERIOD_MS
  end, revivals)
  table.insert(revivals, now_ms)
  return #revivals <= MOST_REVIVALS
end

---@param code integer
---@param signal integer
local function on_exit(code, signal)
  M.percent = nil
  set_status(nil)
  local was_wanted = is_stopping or vim.v.exiting ~= vim.NIL or (code == 0 and signal == 0)
  if was_wanted or not config.options then
    return
  end
  local what = signal ~= 0 and 'signal ' .. signal or 'exit code ' .. code
  M.ended = what
  if may_revive() then
    vim.notify(('Warmline: the server ended (%s) and is started again'):format(what))
    M.restart()
  else
    local message = 'Warmline: the server ends again and again (%s); see :Warmline log, '
      .. 'then :Warmline restart'
    vim.notify(message:format(what), vim.log.levels.ERROR)
  end
end

--- The part of the configuration that is the same for everyone.
---@return vim.lsp.ClientConfig
function M.base_config()
  return {
    name = NAME,
    cmd = config.defaults.cmd,
    root_markers = { '.git' },
    handlers = {
      didChangeStatus = function(_, status)
        set_status(status)
      end,
    },
    on_exit = vim.schedule_wrap(on_exit),
  }
end

--- Settings as the server reads them, both in `initialize` and when it asks.
local function user_config()
  local options = assert(config.options)
  return {
    cmd = options.cmd,
    init_options = options.settings,
    settings = { [NAME] = options.settings },
  }
end

local function start_before_0_11(bufnr)
  if vim.bo[bufnr].buftype ~= '' then
    return
  end
  local start_config = vim.tbl_extend('force', M.base_config(), user_config())
  start_config.root_dir = vim.fs.root(bufnr, start_config.root_markers)
  vim.lsp.start(start_config, { bufnr = bufnr })
end

local function enable_before_0_11()
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('warmline.start', {}),
    callback = function(event)
      start_before_0_11(event.buf)
    end,
  })
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.bo[bufnr].filetype ~= '' then
      start_before_0_11(bufnr)
    end
  end
end

--- Start the server for open files and for those opened later.
function M.start()
  if vim.lsp.config == nil then
    enable_before_0_11()
    return
  end
  vim.lsp.config(NAME, user_config())
  vim.lsp.enable(NAME)
end

---@param is_forced boolean
local function stop_all(is_forced)
  for _, client in ipairs(M.clients()) do
    M.call(client, 'stop', is_forced)
  end
end

--- Neovim forgets a client some turns of its loop after the process has ended, and each version
--- after another number of turns; a client that it has not forgotten might be used again.
---@param stopped_for_ms integer
local function start_when_gone(stopped_for_ms)
  if #M.clients() == 0 then
    is_stopping = false
    M.start()
  elseif stopped_for_ms > 2 * STOP_TIMEOUT_MS then
    local message = 'Warmline: the server does not end; end its process and restart again'
    vim.notify(message, vim.log.levels.ERROR)
  else
    if stopped_for_ms == STOP_TIMEOUT_MS then
      stop_all(true)
    end
    vim.defer_fn(function()
      start_when_gone(stopped_for_ms + STOP_POLL_MS)
    end, STOP_POLL_MS)
  end
end

--- Stop the server, by force if it does not go, and start it again.
function M.restart()
  is_stopping = true
  stop_all(false)
  start_when_gone(0)
end

--- Tell every running server that settings changed.
function M.send_settings()
  local settings = { [NAME] = assert(config.options).settings }
  for _, client in ipairs(M.clients()) do
    client.settings = settings
    M.call(client, 'notify', 'workspace/didChangeConfiguration', { settings = settings })
  end
end

--- The server of a buffer, or else any.
---@param bufnr integer
---@return vim.lsp.Client?
function M.client(bufnr)
  return vim.lsp.get_clients({ name = NAME, bufnr = bufnr })[1] or M.clients()[1]
end

--- Ask the server of a buffer, or any.
---@param bufnr integer
---@param method string
---@param params table
---@param callback fun(err: table?, result: any)
---@return boolean # False when no server runs.
function M.request(bufnr, method, params, callback)
  local client = M.client(bufnr)
  if not client then
    return false
  end
  return (M.call(client, 'request', method, params, callback, bufnr))
end

return M
