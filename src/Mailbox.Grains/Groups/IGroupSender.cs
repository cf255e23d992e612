namespace Mailbox.Grains;

/// <summary>Sends to one group, in one order (spec G5).</summary>
interface IGroupSender
{
    ValueTask<SendResult> SendAsync(GroupSend send);
}
