vim.api.nvim_create_user_command('Warmline', function(arguments)
  require('warmline.commands').run(arguments.args)
end, {
  nargs = 1,
  desc = 'Code completion: see :help :Warmline',
  complete = function(start)
    return require('warmline.commands').complete(start)
  end,
})
