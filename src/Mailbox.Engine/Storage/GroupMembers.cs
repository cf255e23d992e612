namespace Mailbox.Storage;

/// <param name="name">The one text of the name that all members share.</param>
sealed class GroupMembers<TBody>(GroupName name)
{
    public GroupName Name { get; } = name;

    public HashSet<Slot<TBody>> Slots { get; } = [];
}
