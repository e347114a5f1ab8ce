/** Methods of a router that add a route. */
export const routeMethods = /^(?:get|post|put|patch|delete)$/;
