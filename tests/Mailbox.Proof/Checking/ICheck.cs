namespace Mailbox.Proof.Checking;

/// <summary>One promise.</summary>
interface ICheck
{
    /// <returns>Each breach in one line.</returns>
    IEnumerable<string> Breaches(Evidence evidence);
}
