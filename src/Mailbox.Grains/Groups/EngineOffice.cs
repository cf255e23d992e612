using Mailbox.Engine;

namespace Mailbox.Grains;

/// <summary>Groups of an engine that owns every mailbox. Calls come to one process, in order, so no attempt comes after its repeat.</summary>
sealed class EngineOffice(MailboxEngine engine) : IGroupOffice
{
    public IGroupSender SenderOf(GroupName group) => new Sender(engine, group);

    public ValueTask<MembersResult> ChangeMembersAsync(GroupName group, MembersChange change) =>
        engine.ChangeMembersAsync(group, change.Add, change.Remove);

    public ValueTask<GroupPage?> GetAsync(GroupName group, string? after, int limit) => engine.GetGroupAsync(group, after, limit);

    public ValueTask<Outcome> RemoveAsync(GroupName group, Guid key) => engine.RemoveGroupAsync(group);

    sealed class Sender(MailboxEngine engine, GroupName group) : IGroupSender
    {
        public bool IsLost => false;

        public ValueTask<SendResult> SendAsync(GroupSend send) => engine.SendAsync(group, send.Draft, send.Except);

        public ValueTask ResumeAsync() => default;
    }
}
