"""Enumerations of the CRM; their values are the API's and the database's."""

from enum import StrEnum


class LeadStatus(StrEnum):
    """The stages that every installation has, by their keys; admins add others. `status` in the API."""

    NEW = "New"
    CONTACTED = "Contacted"
    NURTURE = "Nurture"
    QUALIFIED = "Qualified"
    SHOWING = "Showing"
    OFFER = "Offer"
    UNDER_CONTRACT = "Under Contract"
    CLOSED_WON = "Closed Won"
    CLOSED_LOST = "Closed Lost"
    ARCHIVED = "Archived"


class StageKind(StrEnum):
    """What a stage means to programs."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
    ARCHIVED = "archived"


class Priority(StrEnum):
    """Priority of a lead or a task."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"
    URGENT = "Urgent"


class ContactChannel(StrEnum):
    """A channel of communication to which a person consents or not."""

    EMAIL = "email"
    CALL = "call"
    SMS = "sms"
    MAIL = "mail"


class TaskType(StrEnum):
    """Kind of a task."""

    CALL = "Call"
    EMAIL = "Email"
    TEXT = "Text"
    MEETING = "Meeting"
    SHOWING = "Showing"
    FOLLOW_UP = "Follow Up"
    OTHER = "Other"


class InteractionType(StrEnum):
    """Kind of an interaction, logged by a user or by the system."""

    CALL_LOGGED = "Call Logged"
    EMAIL_SENT = "Email Sent"
    SMS_SENT = "SMS Sent"
    NOTE_ADDED = "Note Added"
    MEETING_SCHEDULED = "Meeting Scheduled"
    SHOWING = "Showing"
    STATUS_CHANGE = "Status Change"
    ASSIGNED = "Assigned"
    TASK_COMPLETED = "Task Completed"
    LEAD_EVENT = "Lead Event"
    MERGED = "Merged"
    ALERT_SENT = "Alert Sent"
    IMPORTED = "Imported"


class UserInteractionType(StrEnum):
    """The kinds of interaction that users may log; the system logs the others."""

    CALL_LOGGED = "Call Logged"
    EMAIL_SENT = "Email Sent"
    SMS_SENT = "SMS Sent"
    NOTE_ADDED = "Note Added"
    MEETING_SCHEDULED = "Meeting Scheduled"
    SHOWING = "Showing"


class LeadEventType(StrEnum):
    """An action of a person, as a website or another system reports it."""

    REGISTRATION = "Registration"
    INQUIRY = "Inquiry"
    VIEWED_PROPERTY = "Viewed Property"
    SAVED_PROPERTY = "Saved Property"
    VISITED_WEBSITE = "Visited Website"
    INCOMING_CALL = "Incoming Call"
    PROPERTY_SEARCH = "Property Search"
    VISITED_OPEN_HOUSE = "Visited Open House"
    UNSUBSCRIBED = "Unsubscribed"


USER_INTERACTION_TYPES = frozenset(InteractionType(one) for one in UserInteractionType)
