-- What a member is called is what listings say now: a copy would outlive a listing that is erased.
ALTER TABLE member_links DROP COLUMN member_name;
