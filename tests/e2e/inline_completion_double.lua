-- What Neovim 0.12 promises of `vim.lsp.inline_completion`, as far as the plugin relies on it.
--
-- It asks the server by itself whenever the cursor moves in insert mode, shows the first item as
-- virtual text, and forgets it when insert mode ends. `get()` answers at once whether there is an
-- item, and hands it over later, when it is no longer shown. Of an item's range it knows
-- `to_extmark()` alone. What it is called with is checked. Written after the module's
-- documentation (`:help vim.lsp.inline_completion`); Neovim itself waits 200 ms before it asks.
local M = {}

local METHOD, AUTOMATIC = 'textDocument/inlineCompletion', 2
local namespace = vim.api.nvim_create_namespace('double.inline_completion')
local group = vim.api.nvim_create_augroup('double.inline_completion', {})
local items = {} ---@type table<integer, table> The item of each buffer that has one.
local enabled = {} ---@type table<integer, true>

local function forget(bufnr)
  items[bufnr] = nil
  vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
end

local function range_of(raw)
  return {
    to_extmark = function()
      local first, last = raw.start, raw['end']
      return first.line, first.character, last.line, last.character
    end,
  }
end

local function show(bufnr, raw)
  forget(bufnr)
  items[bufnr] = { insert_text = raw.insertText, range = range_of(raw.range) }
  local lines = vim.tbl_map(function(line)
    return { { line, 'Comment' } }
  end, vim.split(raw.insertText, '\n', { plain = true }))
  vim.api.nvim_buf_set_extmark(bufnr, namespace, raw.range.start.line, raw.range.start.character, {
    virt_text = lines[1],
    virt_lines = vim.list_slice(lines, 2),
    virt_text_pos = 'inline',
  })
end

local function ask(bufnr)
  local client = assert(vim.lsp.get_clients({ bufnr = bufnr, name = 'warmline' })[1])
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = AUTOMATIC }
  client:request(METHOD, params, function(_, result)
    if enabled[bufnr] and vim.fn.mode() == 'i' and result and result.items[1] then
      show(bufnr, result.items[1])
    end
  end, bufnr)
end

local function follow(bufnr)
  vim.api.nvim_create_autocmd({ 'InsertEnter', 'CursorMovedI' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      forget(bufnr)
      ask(bufnr)
    end,
  })
  vim.api.nvim_create_autocmd('InsertLeave', {
    group = group,
    buffer = bufnr,
    callback = function()
      forget(bufnr)
    end,
  })
end

function M.enable(enable, filter)
  vim.validate('enable', enable, 'boolean')
  vim.validate('bufnr', filter.bufnr, 'number')
  vim.api.nvim_clear_autocmds({ group = group, buffer = filter.bufnr })
  forget(filter.bufnr)
  enabled[filter.bufnr] = enable or nil
  if enable then
    follow(filter.bufnr)
  end
end

function M.is_enabled(filter)
  return enabled[filter.bufnr] == true
end

function M.get(opts)
  vim.validate('bufnr', opts.bufnr, 'number', true)
  vim.validate('on_accept', opts.on_accept, 'function')
  local bufnr = vim._resolve_bufnr(opts.bufnr)
  if not items[bufnr] then
    return false
  end
  vim.schedule(function()
    local item = items[bufnr]
    forget(bufnr)
    if item then
      opts.on_accept(item)
    end
  end)
  return true
end

vim.lsp.inline_completion = M
