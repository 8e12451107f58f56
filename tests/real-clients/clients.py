"""Asks a running node with dnspython and pyhandle: `clients.py HTTP_URL DNS_PORT METRICS_URL`.

The node holds what `run.sh` registered. What it counted in the meantime has to be what was asked.
"""

import collections
import re
import sys
import urllib.request

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
from pyhandle.client.resthandleclient import RESTHandleClient
from pyhandle.handleexceptions import HandleNotFoundException

HTTP_URL, DNS_PORT, METRICS_URL = sys.argv[1], int(sys.argv[2]), sys.argv[3]
ADDRESS = "127.0.0.1"
ZONE = "id.example"
ITEM = "a-1.0002.118.88." + ZONE
LONG = "long-1.0002.118.88." + ZONE
TIMEOUT_SECONDS = 10

asked = collections.Counter()
passed = 0


def check(name, holds, seen=None):
    """Counts a check, or ends the run with what was seen."""
    global passed
    if not holds:
        sys.exit(f"FAIL: {name}: {seen}")
    passed += 1
    print(f"ok: {name}")


def counted():
    """Resolutions by protocol and outcome, as the metrics listener tells."""
    with urllib.request.urlopen(METRICS_URL, timeout=TIMEOUT_SECONDS) as answer:
        text = answer.read().decode()
    counts = collections.Counter()
    for line in text.splitlines():
        if line.startswith("biaoshi_resolutions_total{"):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
            counts[labels["protocol"], labels["outcome"]] += int(float(line.rsplit(" ", 1)[1]))
    return counts


# ----------- DNS, with dnspython --------------------------------------------------


def ask(name, kind, outcome, over=dns.query.udp, **options):
    """One question, and what it has to count as."""
    question = dns.message.make_query(name, kind, **options)
    asked["dns", outcome] += 1
    return over(question, ADDRESS, port=DNS_PORT, timeout=TIMEOUT_SECONDS)


def records(answer):
    """Each record of the answer section as text."""
    return [record.to_text() for group in answer.answer for record in group]


def dns_answers():
    for name, over in [("UDP", dns.query.udp), ("TCP", dns.query.tcp)]:
        answer = ask(ITEM, "NAPTR", "success", over)
        [rule] = answer.answer[0]
        check(f"dnspython, NAPTR over {name}", rule.service == b"IDIS+URL" and rule.flags == b"u", rule)
        check(f"dnspython, regexp over {name}", rule.regexp == b"!^.*$!https://e.example/a?x=1!", rule)
        check(f"dnspython, authoritative over {name}", answer.flags & dns.flags.AA, answer)
    answer = ask(ITEM, "URI", "success")
    check("dnspython, URI", records(answer) == ['10 1 "https://e.example/a?x=1"'], answer)
    answer = ask(ITEM, "TXT", "success")
    texts = [b"".join(record.strings).decode() for record in answer.answer[0]]
    check("dnspython, TXT", "2000 NAME=液压泵" in texts, texts)
    answer = ask("A-1.0002.118.88.Id.eXample", "URI", "success")
    check("dnspython, the spelling that was asked", "Id.eXample" in str(answer.question[0].name), answer)


def dns_lengths():
    answer = ask(LONG, "TXT", "truncated", use_edns=0, payload=1232)
    check("dnspython, truncated over UDP", answer.flags & dns.flags.TC and not answer.answer, answer)
    question = dns.message.make_query(LONG, "TXT", use_edns=0, payload=1232)
    # Truncated, and asked again over TCP.
    asked["dns", "truncated"] += 1
    asked["dns", "success"] += 1
    answer, came_over_tcp = dns.query.udp_with_fallback(
        question, ADDRESS, port=DNS_PORT, timeout=TIMEOUT_SECONDS
    )
    [text] = answer.answer[0]
    check("dnspython, comes back over TCP", came_over_tcp and b"x" * 1500 in b"".join(text.strings), answer)


def dns_errors():
    answer = ask("none.0002.118.88." + ZONE, "NAPTR", "not_found")
    check("dnspython, NXDOMAIN", answer.rcode() == dns.rcode.NXDOMAIN, answer)
    check("dnspython, SOA beside it", answer.authority[0].rdtype == dns.rdatatype.SOA, answer)
    answer = ask("x.1.999.88." + ZONE, "NAPTR", "not_responsible", use_edns=0)
    reasons = [option.code for option in answer.options if isinstance(option, dns.edns.EDEOption)]
    check("dnspython, why: another node's prefix", reasons == [dns.edns.EDECode.NOT_AUTHORITATIVE], answer)
    answer = ask(ITEM, "A", "auxiliary")
    check("dnspython, no data", answer.rcode() == dns.rcode.NOERROR and not answer.answer, answer)
    answer = ask("example.org", "A", "auxiliary")
    check("dnspython, REFUSED", answer.rcode() == dns.rcode.REFUSED, answer)
    question = dns.message.make_query(ITEM, "NAPTR")
    question.set_opcode(dns.opcode.NOTIFY)
    asked["dns", "auxiliary"] += 1
    answer = dns.query.udp(question, ADDRESS, port=DNS_PORT, timeout=TIMEOUT_SECONDS)
    check("dnspython, NOTIMP", answer.rcode() == dns.rcode.NOTIMP, answer)


# ----------- Handle JSON, with pyhandle -------------------------------------------


def handles():
    client = RESTHandleClient.instantiate_for_read_access(HTTP_URL)
    asked["http", "success"] += 4
    body = client.retrieve_handle_record_json("88.118.0002/A-1")
    check("pyhandle, record", body["handle"] == "88.118.0002/A-1" and len(body["values"]) == 2, body)
    body = client.retrieve_handle_record("88.118.0002/A-1")
    check("pyhandle, record as a dictionary", body["NAME"] == "液压泵", body)
    value = client.get_value_from_handle("88.118.0002/A-1", "URL")
    check("pyhandle, one value", value == "https://e.example/a?x=1", value)
    body = client.retrieve_handle_record_json("88.118.0002/A-1", indices=[2000])
    check("pyhandle, by index", [value["index"] for value in body["values"]] == [2000], body)

    asked["http", "not_found"] += 2
    body = client.retrieve_handle_record_json("88.118.0002/NONE")
    check("pyhandle, not registered", body is None, body)
    try:
        value = client.get_value_from_handle("88.118.0002/NONE", "URL")
    except HandleNotFoundException as missing:
        value = missing
    check("pyhandle, not registered, as an exception", isinstance(value, HandleNotFoundException), value)


before = counted()
dns_answers()
dns_lengths()
dns_errors()
handles()
new = counted()
new.subtract(before)
new = +new
check("what was asked is what was counted", new == asked, f"counted {dict(new)}, asked {dict(asked)}")
print(f"dnspython and pyhandle: {passed} checks passed")
