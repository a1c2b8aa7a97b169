"""Headers and bodies of messages, as the base protocol allows them and as it does not."""

import json
from typing import Any

import pytest
from lsp_editor import Editor, ErrorAnswerError

PARSE_ERROR, INVALID_REQUEST = -32700, -32600
REQUEST: dict[str, Any] = {"jsonrpc": "2.0", "id": 70, "method": "warmline/status"}
BODY = json.dumps(REQUEST).encode()
SIZE = len(BODY)


async def code_of(editor: Editor, identifier: int | None) -> int:
    with pytest.raises(ErrorAnswerError) as caught:
        await editor.answer_to(identifier)
    return caught.value.code


@pytest.mark.parametrize(
    "header",
    [
        f"Content-Length: {SIZE}\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n",
        f"Content-Type: application/vscode-jsonrpc; charset=utf8\r\nContent-Length: {SIZE}\r\n",
        f"X-Unknown: yes\r\nContent-Length: {SIZE}\r\n",
        f"content-length: {SIZE}\r\n",
        f"CONTENT-LENGTH: {SIZE}\r\ncontent-TYPE: application/json\r\n",
        f"Content-Length:{SIZE}\r\n",
        f"Content-Length: \t{SIZE} \r\n",
    ],
)
async def test_headers_of_any_case_and_order(editor: Editor, header: str) -> None:
    await editor.initialize()
    editor.stream.feed_data(f"{header}\r\n".encode() + BODY)
    assert "server" in await editor.answer_to(70)


async def test_lines_of_a_header_may_end_without_a_carriage_return(editor: Editor) -> None:
    await editor.initialize()
    editor.stream.feed_data(b"Content-Length: %d\n\n%b" % (SIZE, BODY))
    assert "server" in await editor.answer_to(70)


async def test_a_message_may_come_byte_by_byte_and_two_at_once(editor: Editor) -> None:
    await editor.initialize()
    message = b"Content-Length: %d\r\n\r\n%b" % (SIZE, BODY)
    for position in range(len(message)):
        editor.stream.feed_data(message[position : position + 1])
    assert "server" in await editor.answer_to(70)
    others = message.replace(b"70", b"71"), message.replace(b"70", b"72")
    editor.stream.feed_data(b"".join(others))
    assert "server" in await editor.answer_to(71)
    assert "server" in await editor.answer_to(72)


async def test_the_length_counts_bytes(editor: Editor) -> None:
    await editor.initialize()
    request = {**REQUEST, "id": "\u4e2d\U0001f600"}
    editor.send_body(json.dumps(request, ensure_ascii=False).encode())
    answer = await editor.until(lambda each: each.get("id") == request["id"])
    assert "result" in answer


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
async def test_a_body_in_another_encoding_is_refused(editor: Editor, encoding: str) -> None:
    """The specification has UTF-8 only; JSON's own reader would guess others."""
    await editor.initialize()
    body = BODY.decode().encode(encoding)
    header = f"Content-Length: {len(body)}\r\nContent-Type: x; charset={encoding}\r\n\r\n"
    editor.stream.feed_data(header.encode() + body)
    assert await code_of(editor, None) == PARSE_ERROR
    await editor.settle()


async def test_a_byte_order_mark_before_a_body_is_passed_over(editor: Editor) -> None:
    await editor.initialize()
    editor.send_body(b"\xef\xbb\xbf" + BODY)
    assert "server" in await editor.answer_to(70)


@pytest.mark.parametrize("is_initialized", [False, True])
async def test_batches_are_refused_as_a_whole(editor: Editor, *, is_initialized: bool) -> None:
    """JSON-RPC has them, the protocol has not. Nothing in one is done."""
    if is_initialized:
        await editor.initialize()
    opening = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": ""}
    batch = [
        REQUEST,
        {
            "jsonrpc": "2.0",
            "method": "textDocument/didOpen",
            "params": {"textDocument": opening},
        },
    ]
    editor.send_body(json.dumps(batch).encode())
    assert await code_of(editor, None) == INVALID_REQUEST
    if not is_initialized:
        await editor.initialize()
    assert (await editor.ask("warmline/status"))["documents"] == []
    assert not any(each.get("id") == 70 for each in editor.received)
