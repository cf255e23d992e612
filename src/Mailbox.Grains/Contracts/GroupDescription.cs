namespace Mailbox.Grains;

/// <summary>A page of a group's members.</summary>
/// <param name="outcome"><see cref="Outcome.Stored"/>, <see cref="Outcome.NotFound"/>, or why it cannot be told now.</param>
[GenerateSerializer, Immutable, Alias("mailbox.GroupDescription")]
public sealed class GroupDescription(Outcome outcome, GroupPage? page = null)
{
    [Id(0)]
    public Outcome Outcome { get; } = outcome;

    [Id(1)]
    public GroupPage? Page { get; } = page;
}
