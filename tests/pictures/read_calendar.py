"""Reads a calendar with two implementations of iCalendar that know nothing of the tool, and says what both understood:
a JSON array of events, by uid. Fails where they differ, or where the calendar breaks a rule of RFC 5545.

usage: read_calendar.py FILE
"""

import datetime
import json
import re
import sys

import icalendar
import vobject

REQUIRED = {"UID", "DTSTAMP", "DTSTART", "SUMMARY"}


def day_or_moment(value):
    if isinstance(value, datetime.datetime):
        assert value.tzinfo is not None, f"{value}: a moment without a time zone"
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat()


def lines(raw):
    assert raw.endswith(b"\r\n"), "the last line has no end"
    for line in raw.split(b"\r\n"):
        assert b"\n" not in line and b"\r" not in line, f"a line end of another kind: {line!r}"
        assert len(line) <= 75, f"{len(line)} octets: {line!r}"
        # Each physical line must be text by itself: nothing is folded within a character.
        line.decode("utf-8")


def by_icalendar(raw):
    calendar = icalendar.Calendar.from_ical(raw)
    assert calendar["VERSION"] == "2.0" and "PRODID" in calendar, "VERSION and PRODID are required"
    assert not calendar.errors, calendar.errors
    events = []
    for event in calendar.walk("VEVENT"):
        assert REQUIRED <= set(event), f"{set(event)} lacks one of {REQUIRED}"
        assert not event.errors, event.errors
        alarms = []
        for alarm in event.walk("VALARM"):
            assert alarm["ACTION"] == "DISPLAY" and alarm["DESCRIPTION"], "an alarm that shows nothing"
            alarms.append(int(alarm["TRIGGER"].dt.total_seconds()))
        start = event["DTSTART"].dt
        if "DTEND" in event:
            assert event["DTEND"].dt - start == datetime.timedelta(days=1), "an event of another length than a day"
        events.append({
            "uid": str(event["UID"]),
            "start": day_or_moment(start),
            "summary": str(event["SUMMARY"]),
            "description": str(event["DESCRIPTION"]),
            "categories": [str(c) for c in event["CATEGORIES"].cats] if "CATEGORIES" in event else [],
            "url": str(event.get("URL", "")),
            "sequence": int(event["SEQUENCE"]),
            "stamp": day_or_moment(event["DTSTAMP"].dt),
            "alarms": alarms,
        })
    # It leaves what RFC 5545 does not know as it stands in the file.
    assert calendar["NAME"] == calendar["X-WR-CALNAME"]
    return re.sub(r"\\(.)", r"\1", str(calendar["NAME"])), events


def by_vobject(raw):
    calendar = vobject.readOne(raw.decode("utf-8"))
    assert calendar.name == "VCALENDAR"
    events = []
    for event in getattr(calendar, "vevent_list", []):
        event.validate(raiseException=True)
        events.append({
            "uid": event.uid.value,
            "start": day_or_moment(event.dtstart.value),
            "summary": event.summary.value,
            "description": event.description.value,
            "alarms": [int(alarm.trigger.value.total_seconds()) for alarm in getattr(event, "valarm_list", [])],
        })
    return calendar.x_wr_calname.value, events


def main():
    with open(sys.argv[1], "rb") as file:
        raw = file.read()
    lines(raw)
    name, events = by_icalendar(raw)
    other_name, others = by_vobject(raw)
    assert name == other_name, (name, other_name)
    assert len(events) == len(others), (len(events), len(others))
    for one, other in zip(events, others):
        for key, value in other.items():
            assert one[key] == value, f"{key}: {one[key]!r} and {value!r}"
    uids = [event["uid"] for event in events]
    assert len(uids) == len(set(uids)), "one uid for two events"
    json.dump({"name": name, "events": events}, sys.stdout)


main()
