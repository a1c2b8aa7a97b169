"""What can be amiss, what it means, and the step that mends it.

`docs/troubleshooting.md` is made from this list, see `warmline.checks.troubleshooting`. Names in
braces are filled in where the problem is found.
"""

from dataclasses import dataclass
from enum import Enum, unique

from warmline.checks.finding import Finding, Verdict
from warmline.checks.paths import without_home


@dataclass(frozen=True, slots=True)
class Description:
    """One problem.

    Attributes:
        id: Before the dot: what was looked at; after it: what is the matter. Never changes.
        verdict: How bad it is.
        meaning: One sentence.
        step: What mends it, as a command to type where there is one.
    """

    id: str
    verdict: Verdict
    meaning: str
    step: str

    @property
    def subject(self) -> str:
        """What was looked at, as people write it."""
        name, _, _ = self.id.partition(".")
        return "Python" if name == "python" else name


def _broken(name: str, meaning: str, step: str) -> Description:
    return Description(name, Verdict.BROKEN, meaning, step)


def _warning(name: str, meaning: str, step: str) -> Description:
    return Description(name, Verdict.WARNING, meaning, step)


_INSTALL_AGAIN = "install again: `make setup`, or pip"
_OWN_FOLDER = "`export {variable}=~/.warmline/{name}`, or make the folder writable"


@unique
class Problem(Enum):
    """All that `warmline doctor` can find to be amiss, in the order in which it looks."""

    PYTHON_OLD = _broken(
        "python.old",
        "The interpreter is older than what Warmline is written for.",
        "install Python 3.11 or newer, and Warmline with it",
    )
    NOT_INSTALLED = _warning(
        "packages.not-installed",
        "Warmline runs from its folder, so nobody can tell whether the packages fit.",
        "install it: `make setup`",
    )
    PACKAGES_WRONG = _broken(
        "packages.wrong",
        "A package that Warmline needs is missing or has another version.",
        _INSTALL_AGAIN,
    )
    TORCH_BROKEN = _broken(
        "torch.broken",
        "torch, which computes the model, cannot be loaded.",
        _INSTALL_AGAIN,
    )
    TORCH_INSTRUCTIONS = _warning(
        "torch.instructions",
        "torch uses no vector instructions (AVX2): the model is several times slower.",
        "unset ATEN_CPU_CAPABILITY if it is set; else choose a small model: "
        "`warmline models pull smollm2-135m`",
    )
    TORCH_THREADS = _warning(
        "torch.threads",
        "A variable gives torch fewer threads than half of the processor's cores.",
        "`unset {name}`",
    )
    BFLOAT16_SLOW = _warning(
        "bfloat16.slow",
        "The processor cannot multiply bfloat16 directly.",
        "nothing to do: float32 is used where that is faster, with twice the memory",
    )
    GRAMMARS_BROKEN = _warning(
        "grammars.broken",
        "The grammar of a language cannot be loaded: suggestions end in worse places.",
        _INSTALL_AGAIN,
    )
    VARIABLE_UNKNOWN = _warning(
        "environment.unknown",
        "A variable that begins with WARMLINE_ means nothing, such as a misspelled one.",
        "`unset {name}`{meant}",
    )
    VARIABLE_RELATIVE = _warning(
        "environment.relative",
        "A variable names a folder without its full path: editor, engine and shell work in "
        "different folders, so each would take another one.",
        "`export {name}={folder}`",
    )
    TRANSPORT_UNKNOWN = _broken(
        "environment.transport",
        "WARMLINE_TRANSPORT is neither unix nor tcp.",
        "`unset WARMLINE_TRANSPORT`",
    )
    SETTING_IGNORED = _warning(
        "settings.ignored",
        "A setting does not exist or has a value that cannot be; its default counts.",
        "correct it in the editor's settings; docs/settings.md has them all",
    )
    FOLDER_UNWRITABLE = _broken(
        "folders.unwritable",
        "The folder for models, or the one of the engine's log, cannot be written.",
        _OWN_FOLDER,
    )
    KEPT_UNWRITABLE = _warning(
        "folders.not-kept",
        "The folder of snapshots, indexes or packed weights cannot be written: the work is done "
        "anew at every start.",
        _OWN_FOLDER,
    )
    FOLDER_OPEN = _warning(
        "folders.open",
        "Others can write to a folder of Warmline's, and so change your models or your prompts.",
        "`chmod go-w {folder}`",
    )
    DISK_SHORT = _warning(
        "disk.short",
        "There is less space than what is still to be written can take.",
        "free {missing} there, or point {variable} to another disk",
    )
    MODEL_UNKNOWN = _broken(
        "model.unknown",
        "No model has this name, and no folder or file is there.",
        "choose one that `warmline models list` shows{meant}",
    )
    MODEL_MISSING = _broken(
        "model.missing",
        "The model is known and its weights are not on this machine.",
        "`warmline models pull {model}`",
    )
    MODEL_OFFLINE = _broken(
        "model.offline",
        "The weights are not here, and the setting `offline` forbids to get them.",
        "allow one download: `warmline models pull {model}`; or set `warmline.model` to a folder",
    )
    MODEL_PARTIAL = _broken(
        "model.partial",
        "A download or conversion of the weights was stopped half-way.",
        "go on with it: `warmline models pull {model}`",
    )
    MODEL_DAMAGED = _broken(
        "model.damaged",
        "The weights in Warmline's own folder are damaged, cut off or of another version.",
        "get them again: `warmline models remove {model}`, then `warmline models pull {model}`",
    )
    MODEL_UNUSABLE = _broken(
        "model.unusable",
        "The folder or file that `model` names is no whole model: weights, tokenizer or "
        "configuration are missing, damaged or cut off.",
        "get it again from where it came, or choose one that `warmline models list` shows",
    )
    MODEL_UNSUPPORTED = _broken(
        "model.unsupported",
        "The engine cannot run models of this family.",
        "choose one that `warmline models list` shows",
    )
    MODEL_PREFIX_ONLY = _warning(
        "model.no-live-cache",
        "The model works, but the family's positions cannot be moved: after an edit, all behind "
        "it is read anew.",
        "choose one that `warmline models list` shows",
    )
    MEMORY_SHORT = _warning(
        "memory.short",
        "The model's weights are larger than the memory that is free.",
        "end other programs, or choose a smaller model: `warmline models list`",
    )
    CACHES_SHORT = _warning(
        "memory.caches",
        "The weights fit in memory, but not with all the caches that the settings allow.",
        "set `warmline.cacheBudgetMb` to {budget_mb}",
    )
    ENCODER_UNKNOWN = _warning(
        "encoder.unknown",
        "No text encoder has the name or folder of `retrievalEncoder`; the hashed one is used.",
        "choose one that `warmline models list` shows{meant}",
    )
    ENCODER_MISSING = _warning(
        "encoder.missing",
        "The text encoder is not here, or not whole; the hashed one is used.",
        "`warmline models pull {encoder}`",
    )
    RETRIEVER_UNUSABLE = _warning(
        "retriever.unusable",
        "The file of the trained retriever cannot be used: prompts have no text of other files.",
        "set `warmline.retriever` to a file that `warmline train-retriever` wrote, or to nothing",
    )
    ANALYSERS_MISSING = _warning(
        "analysers.missing",
        "The analysers are not installed, so nobody checks whether names exist.",
        "`warmline analysers install`",
    )
    ANALYSERS_NPM = _warning(
        "analysers.npm",
        "TypeScript and JavaScript have no analyser, because npm is missing or older than 7.",
        "install Node.js 18 or newer with npm, then `warmline analysers install --again`",
    )
    ANALYSERS_BROKEN = _warning(
        "analysers.broken",
        "The program of an analyser is not there or does not run.",
        "`warmline analysers install --again`",
    )
    NEOVIM_OLD = _warning(
        "clients.neovim",
        "The Neovim on PATH is older than the plug-in needs.",
        "install Neovim {needed} or newer",
    )
    VSCODE_OLD = _warning(
        "clients.vscode",
        "The VS Code on PATH is older than the extension needs.",
        "install VS Code {needed} or newer",
    )
    EXTENSION_OLD = _warning(
        "clients.extension",
        "The extension in VS Code is older than Warmline.",
        "in vscode-extension: `npm run package`, then `code --install-extension warmline.vsix`",
    )
    WINDOW_OLD = _warning(
        "clients.window",
        "An editor window still runs the server of another version of Warmline.",
        "restart that window",
    )
    RUNTIME_FOLDER = _broken(
        "engine.folder",
        "The folder for the engine's socket is not yours alone or cannot be written.",
        "point WARMLINE_RUNTIME_DIR to a folder of your own",
    )
    PLACE_TAKEN = _broken(
        "engine.place-taken",
        "Where the engine's socket and locks belong stands something else, or another user's.",
        "remove it: `rm -r {path}`, with `sudo` where it is another user's",
    )
    ENGINE_UNREACHABLE = _broken(
        "engine.unreachable",
        "An engine runs, but nobody answers at its socket, or somebody else at its port.",
        "`warmline engine stop --model {model}`; the next request starts another",
    )
    ENGINE_SILENT = _broken(
        "engine.silent",
        "An engine runs and does not answer in time.",
        "`warmline engine stop --model {model}`; the next request starts another",
    )
    ENGINE_ENDED = _broken(
        "engine.ended",
        "The engine could not be started.",
        "look into its log, in {folder}",
    )
    ENGINE_FAILED = _broken(
        "engine.failed",
        "The engine could not load the model.",
        "mend what it says, then `warmline engine stop --model {model}`",
    )
    ENGINE_VERSION = _warning(
        "engine.version",
        "An engine of another version of Warmline still runs, and holds a model in memory.",
        "restart the editors that were open during the upgrade, then `kill {pid}`",
    )

    @property
    def id(self) -> str:
        """See `Description`."""
        return self.value.id

    def finding(self, found: str, **blanks: object) -> Finding:
        """Return the finding of this problem.

        Args:
            found: What was found, a part of a sentence.
            blanks: Fill the names in braces of the step.
        """
        told = self.value
        advice = told.step.format(**blanks)
        return Finding(told.id, told.subject, told.verdict, without_home(found), advice)
