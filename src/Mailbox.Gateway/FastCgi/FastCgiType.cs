namespace Mailbox.Gateway;

/// <summary>What a record is (FastCGI 1.0 section 8).</summary>
enum FastCgiType : byte
{
    BeginRequest = 1,
    AbortRequest = 2,
    EndRequest = 3,
    Parameters = 4,
    StandardInput = 5,
    StandardOutput = 6,
    StandardError = 7,
}
