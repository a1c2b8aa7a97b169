local commands = { 'status', 'toggle', 'restart' }

vim.api.nvim_create_user_command('Warmline', function(arguments)
  if vim.tbl_contains(commands, arguments.args) then
    require('warmline')[arguments.args]()
  else
    local message = ('Warmline: "%s" is no command of it; use one of %s.'):format(
      arguments.args,
      table.concat(commands, ', ')
    )
    vim.notify(message, vim.log.levels.ERROR)
  end
end, {
  nargs = 1,
  desc = 'Code completion: status, toggle or restart',
  complete = function(start)
    return vim.tbl_filter(function(command)
      return vim.startswith(command, start)
    end, commands)
  end,
})
