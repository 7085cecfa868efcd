"""The words of the CRM, as the API spells them."""

from enum import StrEnum


class LeadStatus(StrEnum):
    """Where a lead stands; `status` in the API."""

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


class Priority(StrEnum):
    """How pressing a lead or a task is."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"
    URGENT = "Urgent"


class ContactChannel(StrEnum):
    """A way of reaching a person, to which they may consent or not."""

    EMAIL = "email"
    CALL = "call"
    SMS = "sms"
    MAIL = "mail"


class TaskType(StrEnum):
    """What is to be done."""

    CALL = "Call"
    EMAIL = "Email"
    TEXT = "Text"
    MEETING = "Meeting"
    SHOWING = "Showing"
    FOLLOW_UP = "Follow Up"
    OTHER = "Other"


class InteractionType(StrEnum):
    """What happened."""

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


class UserInteractionType(StrEnum):
    """The interactions a person may write; the system writes the others."""

    CALL_LOGGED = "Call Logged"
    EMAIL_SENT = "Email Sent"
    SMS_SENT = "SMS Sent"
    NOTE_ADDED = "Note Added"
    MEETING_SCHEDULED = "Meeting Scheduled"
    SHOWING = "Showing"


class LeadEventType(StrEnum):
    """What a person did, as a website or another system reports it."""

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
