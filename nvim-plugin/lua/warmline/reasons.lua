-- Why there is no suggestion, as the server says it.
local server = require('warmline.server')

local M = {}

-- Reasons that hold for the whole document, whatever the cursor does.
local OF_THE_DOCUMENT = {
  ['disabled'] = true,
  ['document-too-large'] = true,
  ['ignored-file'] = true,
  ['language-off'] = true,
  ['path-off'] = true,
  ['private-file'] = true,
}

---@type table<integer, string> Why a buffer gets no suggestions, by buffer.
local off = {}
---@type table<integer, true> Buffers whose latest answer was empty because the model was loading.
local loading = {}

--- Why a buffer gets no suggestions at all, or nil as far as is known.
---@param bufnr integer
---@return string?
function M.of_buffer(bufnr)
  return off[bufnr]
end

--- Whether the latest answer for a buffer was empty because the model was loading. Asked once,
--- it is forgotten, so that whoever asks for a suggestion then does so once.
---@param bufnr integer
---@return boolean
function M.take_loading(bufnr)
  local was_loading = loading[bufnr] == true
  loading[bufnr] = nil
  return was_loading
end

---@param bufnr integer
---@param reason string?
local function set(bufnr, reason)
  if off[bufnr] ~= reason then
    off[bufnr] = reason
    server.tell_status_changed()
  end
end

--- Ask why the latest answer for a buffer was empty.
---@param client vim.lsp.Client
---@param bufnr integer
---@param callback fun(reason: string?, detail: string?)
local function ask(client, bufnr, callback)
  local params = { textDocument = vim.lsp.util.make_text_document_params(bufnr) }
  server.call(client, 'request', 'warmline/lastSuggestion', params, function(_, answer)
    callback(answer and answer.reason, answer and answer.detail)
  end, bufnr)
end

--- Learn from an answer whether the buffer gets suggestions at all.
---@param client vim.lsp.Client
---@param bufnr integer
---@param has_suggestion boolean
function M.follow(client, bufnr, has_suggestion)
  loading[bufnr] = nil
  if has_suggestion then
    set(bufnr, nil)
    return
  end
  ask(client, bufnr, function(reason, detail)
    set(bufnr, reason and OF_THE_DOCUMENT[reason] and detail or nil)
    if reason == 'loading' then
      loading[bufnr] = true
      server.tell_status_changed() -- It may have been loaded meanwhile.
    end
  end)
end

--- Say why there is nothing to show, to somebody who asked for it.
---@param client vim.lsp.Client
function M.tell(client)
  ask(client, vim.api.nvim_get_current_buf(), function(_, detail)
    vim.notify('Warmline: no suggestion here' .. (detail and detail ~= '' and ': ' .. detail or ''))
  end)
end

--- Forget what was known, as settings have changed.
function M.forget()
  off = {}
end

return M
