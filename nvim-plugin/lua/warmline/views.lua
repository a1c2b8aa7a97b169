-- Windows on what the server says: its status, and what a suggestion is made from.
local explain = require('warmline.explain')
local scratch = require('warmline.scratch')
local server = require('warmline.server')
local text = require('warmline.text')

local M = {}

local function say_no_server()
  vim.notify('Warmline: no server runs; see :checkhealth warmline', vim.log.levels.WARN)
end

---@param method string
---@param params table
---@param callback fun(answer: any) Called where there was no error.
local function ask(method, params, callback)
  local is_sent = server.request(0, method, params, function(err, answer)
    if err then
      vim.notify('Warmline: ' .. err.message, vim.log.levels.ERROR)
    else
      callback(answer)
    end
  end)
  if not is_sent then
    say_no_server()
  end
end

--- Show what the server says about itself, in a window that goes when the cursor moves.
function M.status()
  ask('warmline/status', vim.empty_dict(), function(status)
    -- A window, because a message of many lines would have to be answered with a key.
    vim.lsp.util.open_floating_preview(vim.split(vim.inspect(status), '\n'), 'lua', {
      focus_id = 'warmline.status',
      border = 'rounded',
      title = 'Warmline',
    })
  end)
end

---@param page warmline.Page
---@param root string
local function show_page(page, root)
  local bufnr = scratch.open('warmline://explain', page.lines, page.highlights)
  vim.keymap.set('n', '<CR>', function()
    local target = page.targets[vim.api.nvim_win_get_cursor(0)[1]]
    if target then
      vim.cmd(
        'wincmd p | edit +'
          .. target.line
          .. ' '
          .. vim.fn.fnameescape(vim.fs.normalize(root .. '/' .. target.path))
      )
    end
  end, { buffer = bufnr, desc = 'Go to this chunk' })
end

--- Show what a suggestion at the cursor is made from, in a window below.
function M.explain()
  local client = server.client(0)
  if not client then
    say_no_server()
    return
  end
  local document = vim.lsp.util.make_text_document_params(0)
  local position = text.position(client.offset_encoding)
  ask('warmline/explain', { textDocument = document, position = position }, function(answer)
    if not answer then
      vim.notify('Warmline: the server does not know this file, or has no model yet')
      return
    end
    ask('warmline/lastSuggestion', { textDocument = document }, function(last)
      show_page(explain.page(answer, last), client.root_dir or vim.fn.getcwd())
    end)
  end)
end

return M
