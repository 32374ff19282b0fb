#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The control socket of a real planecastd: each command, each wrong request, and clients that misbehave."""
import json
import os
import pathlib
import signal
import socket
import stat
import tempfile
import time
import unittest

from control import Control, ControlDaemon, Refused
from harness import SANITIZED, RfbClient, process_fds, vm_section, wait_until
from tls import TlsRfbClient, client_context, make_certs, server_section, tls_connect
from viewer import SpiceViewer
from web_socket import WebRfbClient

CONFIG = "{control}" + vm_section("alpha") + vm_section("beta", pattern_size="640x480")
CONNECTIONS_MAX = 32


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(ControlDaemon(CONFIG))
        for vm in "alpha", "beta":
            cls.daemon.wait_serving(vm)

    def setUp(self):
        self.control = self.enterContext(self.daemon.control())

    def refused(self, code, command, **arguments):
        with self.assertRaises(Refused) as caught:
            self.control.ask(command, **arguments)
        self.assertEqual(caught.exception.code, code)
        return caught.exception.message

    def test_the_socket_is_its_users_only(self):
        """And others are closed even if they get at it."""
        self.assertEqual(stat.S_IMODE(self.daemon.control_path.stat().st_mode), 0o600)
        if os.geteuid():
            self.skipTest("needs root to become somebody else")
        os.chmod(self.daemon.control_path, 0o666)
        os.chmod(self.daemon.directory, 0o755)
        pid = os.fork()
        if not pid:
            os.setuid(65534)
            with Control(self.daemon.control_path) as control:
                try:
                    control.ask("version")
                except OSError:
                    os._exit(0)
            os._exit(1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.daemon.wait_line(r"user 65534 \(process \d+\) has no business here")
        self.control.ask("version")

    def test_version(self):
        version = self.control.ask("version")
        self.assertEqual((version["protocol"], version["pid"]), (1, self.daemon.pid))

    def test_list_and_status(self):
        rows = self.control.ask("list")["vms"]
        self.assertEqual([(row["name"], row["worker"]) for row in rows], [("alpha", "serves"), ("beta", "serves")])
        status = self.control.ask("status", vm="beta")
        self.assertEqual((status["pid"], status["starts"]), (self.daemon.worker("beta"), 1))
        host, port = self.daemon.address("beta")
        self.assertEqual(status["listeners"], [{"protocol": "vnc", "address": f"{host}:{port}", "bound": True}])
        server = self.control.ask("status")
        self.assertEqual((server["vms"], server["serving"]), (2, 2))

    def test_clients_are_listed_told_of_and_disconnected(self):
        with self.daemon.control() as listener, RfbClient(self.daemon.address("alpha")) as first:
            listener.ask("events", vm="alpha")
            first.request(False)
            first.update()
            with RfbClient(self.daemon.address("alpha")) as second, RfbClient(self.daemon.address("beta")):
                came = listener.event("client-came")["client"]
                rows = self.control.ask("clients", vm="alpha")["clients"]
                self.assertEqual([row["client"] for row in rows], sorted(row["client"] for row in rows))
                self.assertEqual(len(rows), 2)
                self.assertEqual(rows[1]["client"], came["client"])
                host, port = first.sock.getsockname()
                self.assertEqual((rows[0]["protocol"], rows[0]["peer"], rows[0]["role"]),
                                 ("vnc", f"{host}:{port}", "control"))
                self.assertGreater(rows[0]["sent"], 320 * 240 * 4)
                self.assertLess(abs(rows[0]["since"] - time.time()), 60)
                self.assertIn(f"has no client {10 ** 15}",
                              self.refused("unknown-client", "disconnect", vm="alpha", client=10 ** 15))
                self.assertEqual(self.control.ask("disconnect", vm="alpha", client=came["client"]),
                                 {"disconnected": 1})
                with self.assertRaises(ConnectionError):
                    second.read(1 << 20)
                left = listener.event("client-left")
                self.assertEqual((left["client"]["client"], left["vm"]), (came["client"], "alpha"))
                self.assertIn("administrator", left["why"])
            self.assertEqual(self.control.ask("disconnect", vm="alpha"), {"disconnected": 1})
            with self.assertRaises(ConnectionError):
                first.read(1 << 20)
            listener.event("client-left", vm="alpha")

    def test_many_clients_come_in_pieces(self):
        config = CONFIG.replace('[vm "beta"]', '[vm "beta"]\nmax-viewers = 150')
        self.daemon.reload(config)
        viewers = [self.enterContext(RfbClient(self.daemon.address("beta"))) for _ in range(130)]
        rows, answer = [], {"next": 0}
        while "next" in answer:
            answer = self.control.ask("clients", vm="beta", after=answer["next"])
            self.assertLessEqual(len(answer["clients"]), 100)
            rows += answer["clients"]
        self.assertEqual(len({row["client"] for row in rows}), len(viewers))
        self.assertEqual(self.control.ask("disconnect", vm="beta"), {"disconnected": len(viewers)})

    def test_loglevel(self):
        self.assertEqual(self.control.ask("loglevel"), {"level": "debug"})
        self.assertEqual(self.control.ask("loglevel", level="warn"), {"level": "warn"})
        mark = self.daemon.mark()
        with RfbClient(self.daemon.address("alpha")):
            self.control.ask("clients", vm="alpha")
        self.assertEqual(self.control.ask("loglevel", level="debug"), {"level": "debug"})
        with RfbClient(self.daemon.address("alpha")):
            self.daemon.wait_line("viewing, RFB", mark)
        self.assertEqual(self.daemon.count_lines("viewing, RFB", mark), 1)

    def test_reload_tells_what_is_wrong_and_where(self):
        self.daemon.write_config(CONFIG + "[vm \"gamma\"]\nsource = patern\nvcn = 127.0.0.1:0\n")
        listener = self.enterContext(self.daemon.control())
        listener.ask("events")
        with self.assertRaises(Refused) as caught:
            self.control.ask("reload")
        self.assertEqual(caught.exception.code, "bad-configuration")
        problems = caught.exception.error["problems"]
        lines = self.daemon.config_path.read_text().split("\n")
        self.assertEqual([lines[problem["line"] - 1].split()[0] for problem in problems], ["source", "vcn"])
        self.assertIn("did you mean \"pattern\"", problems[0]["message"].replace("'", '"'))
        self.assertEqual({problem["file"] for problem in problems}, {str(self.daemon.config_path)})
        self.assertFalse(listener.event("reload")["taken"])
        self.daemon.write_config(CONFIG + vm_section("gamma"))
        self.assertEqual(self.control.ask("reload"), {"vms": 3, "problems": []})
        self.assertTrue(listener.event("reload")["taken"])
        listener.event("worker-serves", vm="gamma")
        self.daemon.write_config(CONFIG)
        self.assertEqual(self.control.ask("reload"), {"vms": 2, "problems": []})
        self.assertEqual(listener.event("worker-ended", vm="gamma")["how"], "exit status 0")

    def test_reload_tells_what_could_not_be_had(self):
        """A worker's word comes with the answer: of one that goes on, and of one that is started anew for it."""
        password = self.daemon.directory / "password"
        password.write_text("secret\n")
        password.chmod(0o600)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            keys = f"spice = {address}\nspice-auth = ticket\nspice-password-file = {password}\n"
            worker = self.daemon.worker("alpha")
            config = CONFIG.replace('[vm "alpha"]', '[vm "alpha"]\n' + keys)
            self.daemon.write_config(config)
            problems = self.control.ask("reload")["problems"]
            self.assertEqual({problem["vm"] for problem in problems}, {"alpha"})
            self.assertIn("Address already in use", problems[0]["message"])
            self.assertIn(address, problems[0]["message"])
            self.assertNotEqual(self.daemon.worker("alpha"), worker)
        worker = self.daemon.worker("alpha")
        password.chmod(0o644)
        problems = self.control.ask("reload")["problems"]
        self.assertEqual([problem["vm"] for problem in problems], ["alpha"])
        self.assertIn(f"password file {password} ", problems[0]["message"])
        self.assertEqual(self.daemon.worker("alpha"), worker)
        pages = "websocket = 127.0.0.1:0\nwebsocket-pages = /nonexistent\nmax-fps = 50\n"
        self.daemon.write_config(config.replace('[vm "beta"]', '[vm "beta"]\nkeymap = xx\n' + pages))
        problems = self.control.ask("reload")["problems"]
        self.assertEqual(sorted((problem["vm"], problem["message"].split()[0]) for problem in problems),
                         [("alpha", "password"), ("beta", "keymap:"), ("beta", "websocket-pages")])
        self.daemon.write_config(CONFIG)
        self.assertEqual(self.control.ask("reload"), {"vms": 2, "problems": []})

    def test_wrong_requests(self):
        for line, code, words in (
                (b"", "bad-request", "no JSON object"),
                (b"hello", "bad-request", "no JSON object"),
                (b"[]", "bad-request", "no JSON object"),
                (b'{"command":"list"', "bad-request", "without an end"),
                (b'{"command":"list"}}', "bad-request", "no JSON object"),
                (b'{"command":"list"} {"command":"list"}', "bad-request", "no JSON object"),
                (b'{"command":"li\xffst"}', "bad-request", "UTF-8"),
                (b'{"command":"li\0st"}', "bad-request", "UTF-8"),
                (b'{"a":' * 20 + b"1" + b"}" * 20, "bad-request", "nested"),
                (b"{}", "bad-request", "command"),
                (b'{"command":7}', "bad-request", "command"),
                (b'{"id":[],"command":"list"}', "bad-request", '"id"'),
                (b'{"id":NaN,"command":"list"}', "bad-request", "number in it that is none"),
                (b'{"id":"%s","command":"list"}' % (65 * b"x"), "bad-request", '"id"'),
                (b'{"command":"lst"}', "unknown-command", "did you mean 'list'?"),
                (b'{"command":"list","vm":"alpha"}', "bad-argument", "no argument 'vm'"),
                (b'{"command":"status","v":"alpha"}', "bad-argument", "did you mean 'vm'?"),
                (b'{"command":"status","vm":7}', "bad-argument", "a text"),
                (b'{"command":"status","vm":null}', "bad-argument", "a text"),
                (b'{"command":"clients"}', "bad-argument", 'needs "vm"'),
                (b'{"command":"disconnect","vm":"alpha","client":0}', "bad-argument", "whole number"),
                (b'{"command":"disconnect","vm":"alpha","client":1.5}', "bad-argument", "whole number"),
                (b'{"command":"loglevel","level":"inof"}', "bad-argument", "did you mean 'info'?"),
                (b'{"command":"status","vm":"alpah"}', "unknown-vm", "did you mean 'alpha'?"),
                (b'{"command":"status","vm":"\\u001b[31m"}', "bad-request", "control characters")):
            with self.subTest(line=line):
                self.control.send(line + b"\n")
                error = self.control.answer()["error"]
                self.assertEqual(error["code"], code, error)
                self.assertIn(words, error["message"])
        self.control.ask("version")

    def test_requests_are_answered_in_their_order(self):
        lines = [{"id": i, "command": ("clients", "version", "list")[i % 3], **({"vm": "alpha"} if not i % 3 else {})}
                 for i in range(60)]
        self.control.send(b"".join(json.dumps(line).encode() + b"\r\n" for line in lines))
        self.assertEqual([self.control.answer()["id"] for _ in lines], list(range(60)))


class Misbehaviour(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(ControlDaemon(CONFIG))
        for vm in "alpha", "beta":
            self.daemon.wait_serving(vm)

    def assert_answers(self):
        with self.daemon.control(5) as control:
            self.assertEqual(len(control.ask("clients", vm="beta")["clients"]), 0)

    def test_too_long_a_line_ends_the_connection(self):
        with self.daemon.control() as control:
            control.send(b'{"command":"' + b"x" * 20000)
            self.assertEqual(control.answer()["error"]["code"], "bad-request")
            control.wait_closed()
        self.assert_answers()

    def test_who_stops_in_mid_line_is_closed(self):
        with self.daemon.control() as control:
            start = time.monotonic()
            control.send(b'{"command":')
            self.assert_answers()
            control.wait_closed(30)
            self.assertGreater(time.monotonic() - start, 8)

    def test_who_does_not_read_is_closed_and_holds_up_nobody(self):
        """After 10 seconds, and until then no more is made for it than there is room for."""
        mark = self.daemon.mark()
        with self.daemon.control() as control:
            control.sock.settimeout(0.2)
            asked = 0
            with self.assertRaises(TimeoutError):  # until nothing is taken of it any more
                while asked < 10_000_000:
                    asked += control.sock.send(b'{"command":"list"}\n' * 100)
            start = time.monotonic()
            self.assert_answers()
            self.daemon.wait_line("a connection ends: does not read", mark, 30)
            self.assertAlmostEqual(time.monotonic() - start, 9.8, delta=3 if SANITIZED else 1.5)
            control.sock.settimeout(5)
            told = 0
            try:
                while data := control.sock.recv(1 << 20):
                    told += len(data)
            except ConnectionResetError:
                pass
            # What a unix socket holds, and 64 KiB.
            self.assertLess(told, 500_000)
            print(f"{told} bytes answered {asked} bytes of requests")
        self.assert_answers()

    def test_a_flood_leaves_room_for_others(self):
        with self.daemon.control() as flood:
            flood.sock.setblocking(False)
            for _ in range(20):
                try:
                    while True:
                        flood.sock.send(b'{"command":"status"}\n' * 200)
                except BlockingIOError:
                    pass
                start = time.monotonic()
                self.assert_answers()
                self.assertLess(time.monotonic() - start, 2)
                try:
                    while flood.sock.recv(1 << 20):
                        pass
                except BlockingIOError:
                    pass

    def test_of_too_many_the_idle_ones_go(self):
        listeners = [self.enterContext(self.daemon.control()) for _ in range(CONNECTIONS_MAX - 2)]
        for listener in listeners:
            listener.ask("events")
        old, new = (self.enterContext(self.daemon.control()) for _ in range(2))
        old.ask("version")
        new.ask("version")
        another = self.enterContext(self.daemon.control())
        another.ask("version")
        old.wait_closed()
        another.ask("events")
        new.ask("events")
        with self.daemon.control() as refused:
            self.assertEqual(refused.line()["error"]["code"], "busy")
            refused.wait_closed()
        listeners.pop().sock.close()
        wait_until(lambda: self.can_ask(), "a place for one more")
        for listener in listeners:
            listener.ask("version")

    def can_ask(self):
        try:
            with self.daemon.control() as control:
                return control.ask("version")
        except (OSError, KeyError, AssertionError):
            return None

    def test_a_stopped_worker_costs_its_own_requests_only(self):
        worker = self.daemon.worker("alpha")
        os.kill(worker, signal.SIGSTOP)
        try:
            waiting = [self.enterContext(self.daemon.control(30)) for _ in range(20)]
            start = time.monotonic()
            for control in waiting:
                control.send(b'{"command":"clients","vm":"alpha"}\n{"command":"version"}\n')
            self.assert_answers()
            self.assertLess(time.monotonic() - start, 5)
            codes = [control.answer()["error"]["code"] for control in waiting]
            self.assertEqual(sorted(codes), ["busy"] * 4 + ["timeout"] * 16)
            for control in waiting:
                self.assertIn("ok", control.answer())
        finally:
            os.kill(worker, signal.SIGCONT)
        # Late answers are for nobody; the next are for who asks.
        with self.daemon.control() as control:
            wait_until(lambda: self.clients_of(control, "alpha") == [], "answers of a worker that goes on")
        self.assertEqual(self.daemon.worker("alpha"), worker)

    def test_a_reload_waits_for_no_worker_for_ever(self):
        """One that is stopped is a problem, the others' words come, and the server answers others in the meantime."""
        worker = self.daemon.worker("alpha")
        os.kill(worker, signal.SIGSTOP)
        try:
            with self.daemon.control(20) as control, self.daemon.control(20) as gone:
                gone.send(b'{"command":"reload"}\n')
                start = time.monotonic()
                control.send(b'{"command":"reload"}\n{"command":"version"}\n')
                gone.sock.close()
                self.assert_answers()
                self.assertLess(time.monotonic() - start, 4)
                answer = control.answer()["ok"]
                self.assertGreater(time.monotonic() - start, 4)
                self.assertEqual([(problem["vm"], problem["message"]) for problem in answer["problems"]],
                                 [("alpha", "the process that serves this VM does not answer")])
                self.assertIn("version", control.answer()["ok"])
        finally:
            os.kill(worker, signal.SIGCONT)
        with self.daemon.control() as control:
            self.assertEqual(control.ask("reload"), {"vms": 2, "problems": []})
        self.assertEqual(self.daemon.worker("alpha"), worker)

    def test_a_reload_outlives_a_worker(self):
        """One that dies of it is followed by another, which is asked, too."""
        worker = self.daemon.worker("alpha")
        os.kill(worker, signal.SIGSTOP)
        with self.daemon.control(20) as control:
            control.send(b'{"command":"reload"}\n')
            self.assert_answers()
            os.kill(worker, signal.SIGKILL)
            self.assertEqual(control.answer()["ok"], {"vms": 2, "problems": []})
        self.assertNotEqual(self.daemon.worker("alpha"), worker)

    def clients_of(self, control, vm):
        try:
            return control.ask("clients", vm=vm)["clients"]
        except Refused as refused:
            self.assertEqual(refused.code, "busy")
            return None

    def test_a_worker_that_dies_answers_nobody(self):
        worker = self.daemon.worker("alpha")
        with self.daemon.control() as control, self.daemon.control() as listener:
            listener.ask("events")
            os.kill(worker, signal.SIGSTOP)
            control.send(b'{"command":"clients","vm":"alpha"}\n')
            wait_until(lambda: self.daemon.process.poll() is None, "the server")
            self.assert_answers()
            os.kill(worker, signal.SIGKILL)
            self.assertEqual(control.answer()["error"]["code"], "no-worker")
            ended = listener.event("worker-ended", vm="alpha")
            self.assertEqual((ended["pid"], ended["how"]), (worker, "killed by SIGKILL (Killed)"))
            listener.event("worker-serves", vm="alpha")
            self.assertEqual(control.ask("status", vm="alpha")["starts"], 2)

    def test_more_than_can_be_told_is_counted(self):
        """A worker tells of so much only, and the rest is a number; it is no reason to end it."""
        worker, comings = self.daemon.worker("alpha"), 90
        with self.daemon.control() as listener:
            listener.ask("events", vm="alpha")
            for _ in range(comings):
                with RfbClient(self.daemon.address("alpha")):
                    pass
            told = lost = 0
            while told + lost < 2 * comings:
                with RfbClient(self.daemon.address("alpha")):  # something has to happen for the rest to be told
                    listener.ask("version")
                lost += sum(event.get("count", 0) for event in listener.events)
                told += sum(event["event"] in ("client-came", "client-left") for event in listener.events)
                listener.events.clear()
        self.assertGreater(lost, 0)
        self.assertEqual(self.daemon.worker("alpha"), worker)

    def test_nothing_is_left_open(self):
        self.assert_answers()
        before = len(process_fds(self.daemon.pid))
        for _ in range(50):
            self.assert_answers()
        wait_until(lambda: len(process_fds(self.daemon.pid)) <= before, "descriptors as before")

    def test_the_socket_follows_the_configuration(self):
        other = self.daemon.directory / "other"
        mark = self.daemon.reload(f"[server]\ncontrol-socket = {other}\n" + vm_section("alpha"))
        self.daemon.wait_line(f"control socket: {other}", mark)
        self.assertFalse(self.daemon.control_path.exists())
        with Control(other) as control:
            self.daemon.write_config("[server]\ncontrol-socket = off\n" + vm_section("alpha"))
            self.assertEqual(control.ask("reload"), {"vms": 1, "problems": []})
            self.assertFalse(other.exists())
            control.ask("version")  # who is in stays
        mark = self.daemon.reload(CONFIG)
        self.daemon.wait_serving("beta", mark)
        self.assert_answers()
        self.daemon.stop()
        self.assertFalse(self.daemon.control_path.exists())


class Connections(unittest.TestCase):
    """How a viewer is connected, and who it is."""

    def test_each_way(self):
        keys = {"websocket": "127.0.0.1:0", "spice": "127.0.0.1:0", "spice_tls": "127.0.0.1:0"}
        with tempfile.TemporaryDirectory(prefix="planecast-") as directory:
            certs = pathlib.Path(directory)
            make_certs(certs, "localhost", "127.0.0.1")
            server = server_section(certs).replace("[server]\n", "")
            with ControlDaemon("{control}" + server + vm_section("plain", vnc_tls="off", **keys) + vm_section(
                    "secure", vnc_auth="certificate", tls_client_ca=certs / "ca.pem", allow="client:view",
                    **keys) + vm_section("lone", **keys)) as daemon:
                for vm in "plain", "secure", "lone":
                    daemon.wait_serving(vm)
                context = client_context(certs, certificate=True)
                self.control = self.enterContext(daemon.control())
                with RfbClient(daemon.address("plain")):
                    self.assert_way("plain", "vnc", False, None)
                with WebRfbClient(daemon.address("plain", protocol="websocket")):
                    self.assert_way("plain", "vnc", True, None)
                with TlsRfbClient(daemon.address("secure"), context) as client:
                    self.assert_way("secure", "vnc", False, client.sock.version(), "client", "view")
                with tls_connect(daemon.address("secure", protocol="websocket"), context) as sock, \
                        WebRfbClient(None, sock=sock):
                    self.assert_way("secure", "vnc", True, sock.version(), "client", "view")
                with SpiceViewer(daemon.address("plain", protocol="spice")):
                    self.assert_way("plain", "spice", False, None)
                with SpiceViewer(daemon.address("lone", protocol="spice-tls"), "--ca", str(certs / "ca.pem")):
                    self.assert_way("lone", "spice", False, "TLSv1.3")

    def assert_way(self, vm, protocol, websocket, tls, user=None, role="control"):
        wait_until(lambda: len(self.control.ask("clients", vm=vm)["clients"]) == 1, "the one viewer")
        client = self.control.ask("clients", vm=vm)["clients"][0]
        self.assertEqual((client["protocol"], client["websocket"], client.get("tls"), client.get("user"),
                          client["role"]), (protocol, websocket, tls, user, role))

    def test_numbers_outlive_a_worker(self):
        with ControlDaemon(CONFIG) as daemon, daemon.control() as control:
            daemon.wait_serving("alpha")
            with RfbClient(daemon.address("alpha")), RfbClient(daemon.address("alpha")):
                old = [row["client"] for row in control.ask("clients", vm="alpha")["clients"]]
                self.assertEqual(old, [1, 2])
                control.ask("disconnect", vm="alpha", client=1)
                with self.assertRaisesRegex(Refused, "client 1 has left"):
                    control.ask("disconnect", vm="alpha", client=1)
            mark = daemon.mark()
            os.kill(daemon.worker("alpha"), signal.SIGKILL)
            daemon.wait_serving("alpha", mark)
            with RfbClient(daemon.address("alpha")) as viewer:
                self.assertEqual([row["client"] for row in control.ask("clients", vm="alpha")["clients"]], [10 ** 9 + 1])
                for client in old:
                    with self.assertRaisesRegex(Refused, f"client {client} was one of a process .* ended since"):
                        control.ask("disconnect", vm="alpha", client=client)
                with self.assertRaisesRegex(Refused, "has no client"):
                    control.ask("disconnect", vm="alpha", client=10 ** 9 + 2)
                self.assertEqual(control.ask("disconnect", vm="alpha", client=10 ** 9 + 1), {"disconnected": 1})
                with self.assertRaises(ConnectionError):
                    viewer.read(1 << 20)


class Place(unittest.TestCase):
    def test_auto_is_in_the_runtime_directory(self):
        config = vm_section("alpha")
        with ControlDaemon(config, env={"RUNTIME_DIRECTORY": "/nonexistent/one:/nonexistent/two"}) as daemon:
            daemon.wait_line("no control socket at /nonexistent/one/control: No such file")
            daemon.wait_serving("alpha")
            directory = str(daemon.directory)
            with ControlDaemon(config, env={"RUNTIME_DIRECTORY": directory}) as second:
                second.wait_line(f"control socket: {directory}/control$")
                with Control(f"{directory}/control") as control:
                    self.assertEqual(control.ask("version")["pid"], second.pid)
                with ControlDaemon(config, env={"RUNTIME_DIRECTORY": directory}) as third:
                    third.wait_line("no control socket at .*: Address already in use")

    def test_a_socket_left_behind_is_replaced(self):
        with ControlDaemon(CONFIG) as daemon:
            daemon.wait_serving("alpha")
            with socket.socket(socket.AF_UNIX) as left:
                path = daemon.directory / "left"
                left.bind(str(path))
            mark = daemon.reload(f"[server]\ncontrol-socket = {path}\n" + vm_section("alpha"))
            daemon.wait_line(f"control socket: {path}", mark)
            with Control(path) as control:
                control.ask("version")


if __name__ == "__main__":
    unittest.main()
