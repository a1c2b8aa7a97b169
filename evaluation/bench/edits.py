"""`warmline bench edits`: what a person waits for after an edit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from evaluation.bench.calibration import PREFILL
from evaluation.bench.chunk_sets import CHUNK_KINDS, chunk_history
from evaluation.bench.contestants import SERVER_REUSE_TOKENS, default_server, simple_contestant
from evaluation.bench.peers import LLAMA_ARMS
from evaluation.bench.plan import (
    ALL_ARMS,
    ENGINE_ARMS,
    Contestant,
    Group,
    Task,
    Values,
    interleaved,
)
from evaluation.bench.process import ArmProcess
from evaluation.bench.run import Run
from evaluation.bench.scenarios import (
    EDIT_KINDS,
    LEFT_TO_RIGHT_KINDS,
    MIDDLE_KINDS,
    Step,
    cut_in_line,
    cut_to,
    left_to_right_history,
    middle_history,
)
from evaluation.bench.sources import single_lines, standard_library
from evaluation.report import Parameter

PROMPT_TOKENS = 8000
CHUNK_PROMPT_TOKENS = 4000
FULL = (
    Group(ALL_ARMS, EDIT_KINDS, PROMPT_TOKENS, repeats=5),
    Group(ENGINE_ARMS, CHUNK_KINDS, CHUNK_PROMPT_TOKENS, repeats=5),
)
QUICK = (
    Group(ALL_ARMS, ("insert@10", "type-in-middle"), 1500, repeats=3),
    Group(
        ("warmline", "full"),
        ("insert@10", "insert@50", "insert@90", "type-in-middle"),
        PROMPT_TOKENS,
        repeats=3,
    ),
    Group(("warmline", "full"), CHUNK_KINDS, 1500, repeats=2),
)
"""What a few minutes allow: everybody with short prompts, the engine itself with long ones."""

LINE_TOKENS = 32
"""Most tokens of a suggested line."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What the caller wants of the groups; None leaves them as they are."""

    arms: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    repeats: int | None = None
    prompt_tokens: int | None = None

    def apply(self, groups: Sequence[Group]) -> tuple[Group, ...]:
        """Return what is left; a kind that is in no group is added to the first one."""
        known = {kind for group in groups for kind in group.kinds}
        added = tuple(kind for kind in self.kinds or () if kind not in known)
        groups = (replace(groups[0], kinds=groups[0].kinds + added), *groups[1:])
        chosen = [self._cut(group) for group in groups]
        return tuple(dict.fromkeys(group for group in chosen if group.arms and group.kinds))

    def _cut(self, group: Group) -> Group:
        return Group(
            arms=tuple(arm for arm in group.arms if self.arms is None or arm in self.arms),
            kinds=tuple(kind for kind in group.kinds if self.kinds is None or kind in self.kinds),
            prompt_tokens=self.prompt_tokens or group.prompt_tokens,
            repeats=self.repeats or group.repeats,
        )


async def measure_edits(run: Run, groups: Sequence[Group], *, with_defaults: bool) -> None:
    """Measure all groups.

    Args:
        run: Where to measure, and who.
        groups: What; arms that are not installed are left out.
        with_defaults: Measure llama-server with the settings it starts with, too.
    """
    courses = [_Course(group, tuple(_steps(run, group))) for group in groups]
    run.subject.require_context(max(course.longest_tokens for course in courses))
    arms = run.present(tuple(dict.fromkeys(arm for group in groups for arm in group.arms)))
    longest = {
        arm: max(each.longest_tokens for each in courses if arm in each.group.arms) for arm in arms
    }
    contestants = await _contestants(run, longest, with_defaults=with_defaults)
    tasks = [list(_tasks(course, contestants)) for course in courses]
    await run.runner.run(list(interleaved(tasks)), measures_memory=True)


@dataclass(frozen=True, slots=True)
class _Course:
    """The steps of a group, each with the name of its layout."""

    group: Group
    steps: tuple[tuple[str, Step], ...]

    @property
    def longest_tokens(self) -> int:
        """The longest prompt with what is written after it."""
        prompts = (prompt for _, step in self.steps for prompt in (step.before, step.after))
        return max((len(prompt.tokens) for prompt in prompts), default=0) + LINE_TOKENS


async def _contestants(
    run: Run, longest: Mapping[str, int], *, with_defaults: bool
) -> list[Contestant]:
    """Return all arms, set up for their longest prompts."""
    simple = [arm for arm in longest if arm not in LLAMA_ARMS]
    contestants = [simple_contestant(run.subject, arm, longest[arm]) for arm in simple]
    files = run.llama_files(tuple(longest))
    for arm in (arm for arm in longest if arm in LLAMA_ARMS and files):
        picks = await run.best_of(arm, files, longest[arm])
        contestants += [pick for metric, pick in picks.items() if metric == PREFILL]
        if arm == "llama-server":
            run.note(
                "llama-server gets batches as long as the prompt and --cache-reuse"
                f" {SERVER_REUSE_TOKENS}, except where it says default settings."
            )
        if arm == "llama-server" and with_defaults:
            contestants.append(default_server(run.subject, files[0], longest[arm]))
    return contestants


def _tasks(course: _Course, contestants: Sequence[Contestant]) -> Iterator[Task]:
    """Yield the tasks of a group: step by step, and each step by all contestants."""
    group = course.group
    taking_part = [each for each in contestants if each.arm in group.arms]
    for layout, step in course.steps:
        conditions: dict[str, Parameter] = {
            "prompt_tokens": group.prompt_tokens,
            "layout": layout,
        }
        for contestant in taking_part:
            yield _follow_task(step, contestant, conditions)


def _steps(run: Run, group: Group) -> Iterator[tuple[str, Step]]:
    """Yield each step of a group with the name of its layout."""
    subject, source = run.subject, standard_library()
    text = cut_to(source.text, group.prompt_tokens, subject.tokenization)
    run.note(f"Prompts of {group.prompt_tokens} tokens: from {source.title(len(text))}.")
    at_end = left_to_right_history(
        cut_in_line(text),
        new_lines=single_lines(standard_library(first=1).text),
        kinds=[kind for kind in group.kinds if kind in LEFT_TO_RIGHT_KINDS],
        repeats=group.repeats,
        seed=run.seed,
        tokenization=subject.tokenization,
    )
    yield from (("left to right", step) for step in at_end)
    if any(kind in CHUNK_KINDS for kind in group.kinds):
        yield from (("other files first", step) for step in _exchanges(run, group))
    middle_kinds = [kind for kind in group.kinds if kind in MIDDLE_KINDS]
    if middle_kinds and not subject.layout.family.fills_in_the_middle:
        run.note(f"{', '.join(middle_kinds)}: {subject.name} does not fill in the middle.")
        return
    in_middle = middle_history(
        text,
        kinds=middle_kinds,
        repeats=group.repeats,
        seed=run.seed,
        layout=subject.layout,
        tokenization=subject.tokenization,
    )
    yield from (("prefix and suffix", step) for step in in_middle)


def _exchanges(run: Run, group: Group) -> Iterator[Step]:
    """Yield exchanges of chunks: always both kinds, since those of before must have been met."""
    return chunk_history(
        standard_library().text,
        standard_library(first=2).text,
        prompt_tokens=group.prompt_tokens,
        repeats=group.repeats,
        layout=run.subject.layout,
        tokenization=run.subject.tokenization,
    )


def _follow_task(step: Step, contestant: Contestant, conditions: Mapping[str, Parameter]) -> Task:
    async def measure(arm: ArmProcess, timeout_s: float) -> Values:
        return asdict(await arm.follow(step.before, step.after, LINE_TOKENS, timeout_s))

    return Task(step.kind, contestant, step.repeat, measure, conditions)
