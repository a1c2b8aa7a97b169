;; Asks `warmline serve' for completions through eglot, as an Emacs in batch mode.
;; Arguments: FILE SETTINGS COMMAND...; prints what is offered at the end of a line of FILE.
(require 'package)
(package-initialize)
(require 'eglot)
(require 'json)

(defvar warmline-file (pop command-line-args-left))
(defvar warmline-settings
  (json-parse-string (pop command-line-args-left) :object-type 'plist :false-object :json-false))
(defvar warmline-command command-line-args-left)
(setq command-line-args-left nil)

(find-file warmline-file)
(prog-mode)
(setq eglot-sync-connect 60
      eglot-autoshutdown t
      eglot-server-programs
      `((prog-mode . (,@warmline-command :initializationOptions ,warmline-settings))))
(call-interactively #'eglot) ; finds the server by itself, whatever this version's arguments are
(goto-char (point-max))

(defun warmline-offers ()
  "Return what eglot offers at point."
  (let ((capf (eglot-completion-at-point)))
    (and capf (all-completions "" (nth 2 capf)))))

;; The model loads while the first questions are asked.
(let ((offers nil) (tries 200))
  (while (and (not offers) (> tries 0))
    (when (eobp) (goto-char (point-min)))
    (end-of-line (if (bolp) 1 2))
    (setq offers (warmline-offers) tries (1- tries))
    (unless offers (accept-process-output nil 0.2)))
  (princ (format "offers: %S\n" (mapcar #'substring-no-properties offers))))
(kill-emacs 0)
