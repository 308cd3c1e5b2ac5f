"""A real mail server, aiosmtpd, on ports of loopback: prints their numbers as one line of JSON, and writes each mail that
it takes as FOLDER/NUMBER.json, read by Python's own parser. Ends with its standard input.

What it does depends on whom a mail is for: `refused@`, `later@` (451 once, then taken), `never@` (451), `hang@`,
`cut@` (the connection is cut off when the mail comes)."""

import asyncio
import email
import email.policy
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

FOLDER = pathlib.Path(sys.argv[1])
PASSWORD = b"correct horse"


class Handler:
    def __init__(self, port_name):
        self.port_name = port_name

    async def handle_RCPT(self, server, session, envelope, address, options):
        who = address.split("@")[0]
        if who == "refused":
            return "550 5.1.1 no\x1b[31m such user " + "x" * 400
        if who == "never":
            return "451 4.7.1 greylisted for good"
        if who == "later":
            seen = FOLDER / (address + ".seen")
            if not seen.exists():
                seen.touch()
                return "451 4.7.1 greylisted"
        if who == "hang":
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if any(address.startswith("cut@") for address in envelope.rcpt_tos):
            server.transport.abort()
            return "451 nobody hears this"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
        told = {
            "port": self.port_name,
            "encrypted": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.authenticated and session.auth_data.login.decode(),
            "hello": session.host_name,
            "envelope": [envelope.mail_from, envelope.rcpt_tos],
            "from": [[a.display_name, a.addr_spec] for a in mail["from"].addresses],
            "to": [[a.display_name, a.addr_spec] for a in mail["to"].addresses],
            "subject": mail["subject"],
            "date": mail["date"].datetime.isoformat(),
            "id": mail["message-id"],
            "auto": [mail["auto-submitted"], mail["x-auto-response-suppress"]],
            "names": sorted(name.lower() for name in mail.keys()),
            "kind": mail.get_content_type(),
            "parts": [part.get_content_type() for part in mail.iter_parts()],
            "text": text.get_content(),
            "html": html.get_content(),
            "defects": [str(d) for part in mail.walk() for d in part.defects],
            "longest": max(map(len, envelope.original_content.split(b"\r\n"))),
            "ascii": envelope.original_content.isascii(),
        }
        number = len(list(FOLDER.glob("*.json")))
        (FOLDER / f"{number:03}.json").write_text(json.dumps(told))
        return "250 taken"


def log_in(server, session, envelope, mechanism, data):
    if isinstance(data, LoginPassword) and data.password == PASSWORD:
        return AuthResult(success=True, auth_data=data)
    return AuthResult(success=False, handled=False)


def tls(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / f"{name}.pem", FOLDER / f"{name}.key")
    return context


def begin(name, wrapped=None, **settings):
    def make():
        return SMTP(Handler(name), hostname="mail.example.com", **settings)

    async def serve():
        return await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0, ssl=wrapped)

    return serve


async def main():
    auth = {"authenticator": log_in, "auth_required": True}
    ports = {
        "clear": begin("clear"),
        "starttls": begin("starttls", tls_context=tls("here"), require_starttls=True, **auth),
        "tls": begin("tls", tls("here"), auth_require_tls=False, auth_exclude_mechanism=["PLAIN"], **auth),
        "stranger": begin("stranger", tls_context=tls("stranger")),
        "stranger-tls": begin("stranger-tls", tls("stranger")),
    }
    servers = {name: await serve() for name, serve in ports.items()}
    told = {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}
    print(json.dumps(told), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
