//! The Windows calls that tokio lacks; the only unsafe code of the crate on Windows.
#![expect(
    unsafe_code,
    reason = "access lists and peers of pipes have no safe form in std or tokio"
)]

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use tokio::net::windows::named_pipe::{NamedPipeClient, NamedPipeServer, ServerOptions};
use windows_sys::Win32::Foundation::{HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER,
    TokenUser,
};
use windows_sys::Win32::System::Pipes::{
    GetNamedPipeClientProcessId, GetNamedPipeServerProcessId, NMPWAIT_NOWAIT, PeekNamedPipe,
    WaitNamedPipeW,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};
use windows_sys::core::BOOL;

/// A security descriptor that the system has made.
#[derive(Debug)]
pub(super) struct SecurityDescriptor(PSECURITY_DESCRIPTOR);

// SAFETY: the memory behind the pointer is ours alone and is not written to after `parse`, so any
// thread may read and any one free it.
unsafe impl Send for SecurityDescriptor {}
// SAFETY: as above; shared use only reads.
unsafe impl Sync for SecurityDescriptor {}

impl SecurityDescriptor {
    /// Returns the descriptor that a text of the definition language describes.
    pub(super) fn parse(text: &str) -> io::Result<Self> {
        let text: Vec<u16> = text.encode_utf16().chain([0]).collect();
        let mut made: PSECURITY_DESCRIPTOR = ptr::null_mut();
        // SAFETY: the text ends with a NUL and outlives the call, which writes a pointer to `made`
        // and is allowed to be given no place for the size.
        check(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &mut made,
                ptr::null_mut(),
            )
        })?;
        Ok(Self(made))
    }
}

impl Drop for SecurityDescriptor {
    fn drop(&mut self) {
        // SAFETY: `parse` got the pointer from the system, which says to free it so; it is freed
        // once, here.
        unsafe { LocalFree(self.0) };
    }
}

/// Makes an instance of a pipe with this access list.
pub(super) fn create(
    options: &ServerOptions,
    name: &str,
    access: &SecurityDescriptor,
) -> io::Result<NamedPipeServer> {
    let mut attributes = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: access.0,
        bInheritHandle: 0,
    };
    let attributes: *mut c_void = ptr::from_mut(&mut attributes).cast();
    // SAFETY: the pointer is to a valid `SECURITY_ATTRIBUTES` with its size, whose descriptor
    // `access` keeps alive; the call copies what it needs.
    unsafe { options.create_with_security_attributes_raw(name, attributes) }
}

/// Returns the user this process acts as, as a text such as `S-1-5-21-1-2-3-1001`.
pub(super) fn own_user() -> io::Result<String> {
    let mut token: HANDLE = ptr::null_mut();
    // SAFETY: the first argument is a constant that means this process; a handle is written
    // to `token`.
    check(unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) })?;
    // SAFETY: the handle has just been opened for us and is closed here only.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // Of u64, so that the structure at its start is aligned.
    let mut buffer = [0_u64; TOKEN_USER_SIZE.div_ceil(8)];
    let mut used = 0;
    // SAFETY: the buffer is as large as is said and aligned for the `TOKEN_USER` at its start.
    check(unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            TokenUser,
            buffer.as_mut_ptr().cast(),
            TOKEN_USER_SIZE as u32,
            &mut used,
        )
    })?;
    let mut text = ptr::null_mut();
    // SAFETY: the call above has put a `TOKEN_USER` there, whose id lies in the same buffer, and
    // the text that is made of it is a pointer written to `text`.
    check(unsafe {
        let user = buffer.as_ptr().cast::<TOKEN_USER>().read();
        ConvertSidToStringSidW(user.User.Sid, &mut text)
    })?;
    // SAFETY: on success `text` is a NUL-terminated text that lives until it is freed, once, below.
    unsafe {
        let length = (0..).take_while(|&at| *text.add(at) != 0).count();
        let copy = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        Ok(copy)
    }
}

/// Looks for an instance of the pipe without a client, and connects to none.
///
/// # Errors
///
/// What the system says if there is none now, or no such pipe.
pub(super) fn look(name: &str) -> io::Result<()> {
    let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
    // SAFETY: the name ends with a NUL and outlives the call.
    check(unsafe { WaitNamedPipeW(name.as_ptr(), NMPWAIT_NOWAIT) })
}

/// Returns the id of the process that is the pipe's client, if the system says.
pub(super) fn client_process(pipe: &NamedPipeServer) -> Option<u32> {
    let mut id = 0;
    // SAFETY: the handle is open while `pipe` is borrowed; a number is written to `id`.
    let known = unsafe { GetNamedPipeClientProcessId(pipe.as_raw_handle(), &mut id) };
    (known != 0 && id != 0).then_some(id)
}

/// Returns the id of the process that serves the pipe, if the system says.
pub(super) fn server_process(pipe: &NamedPipeClient) -> Option<u32> {
    let mut id = 0;
    // SAFETY: as for the client's.
    let known = unsafe { GetNamedPipeServerProcessId(pipe.as_raw_handle(), &mut id) };
    (known != 0 && id != 0).then_some(id)
}

/// Returns whether the other end is closed and everything it wrote has been taken out of the pipe.
pub(super) fn is_broken(pipe: &impl AsRawHandle) -> bool {
    let nowhere = ptr::null_mut();
    // SAFETY: the handle is open while `pipe` is borrowed; every place to write to may be null.
    let intact = unsafe {
        PeekNamedPipe(
            pipe.as_raw_handle(),
            ptr::null_mut(),
            0,
            nowhere,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    intact == 0
}

fn check(result: BOOL) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A `TOKEN_USER` and the longest id there can be: 8 bytes and 15 parts of 4.
const TOKEN_USER_SIZE: usize = size_of::<TOKEN_USER>() + 8 + 15 * 4;
