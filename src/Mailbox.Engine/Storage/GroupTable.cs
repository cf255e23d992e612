namespace Mailbox.Storage;

/// <summary>Groups and their members (spec G2, G3): a group is there while it has one. Not thread-safe.</summary>
sealed class GroupTable<TBody>
{
    readonly Dictionary<GroupName, GroupMembers<TBody>> _groups = [];

    public MailboxName[] Members(GroupName group) =>
        _groups.TryGetValue(group, out var members) ? [.. members.Slots.Select(slot => slot.Name)] : [];

    public void Add(GroupName group, Slot<TBody> slot)
    {
        if (!_groups.TryGetValue(group, out var members)) _groups.Add(group, members = new(group));
        if (members.Slots.Add(slot)) slot.State.Groups = [.. slot.State.Groups, members.Name];
    }

    public void Remove(GroupName group, Slot<TBody> slot)
    {
        if (!_groups.TryGetValue(group, out var members) || !members.Slots.Remove(slot)) return;
        slot.State.Groups = Array.FindAll(slot.State.Groups, other => other != group);
        if (members.Slots.Count == 0) _groups.Remove(group);
    }

    public void RemoveEverywhere(Slot<TBody> slot)
    {
        foreach (var group in slot.State.Groups) Remove(group, slot);
    }
}
