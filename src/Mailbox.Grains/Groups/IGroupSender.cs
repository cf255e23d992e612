namespace Mailbox.Grains;

/// <summary>Sends to one group, in one order (spec G5).</summary>
interface IGroupSender
{
    ValueTask<SendResult> SendAsync(GroupSend send);

    /// <summary>Completes what was begun and not finished (spec G9).</summary>
    ValueTask ResumeAsync();

    /// <summary>Another process sends to the group: this one answers nothing but <see cref="Outcome.NotOwner"/> any more.</summary>
    bool IsLost { get; }
}
